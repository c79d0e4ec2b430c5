package provider

// Discord's names once had a number to tell them apart, which some still have (docs.discord.com/developers/topics/oauth2).
var discord = known{
	name: "Discord",
	way: oauth{
		authorize: "https://discord.com/oauth2/authorize", token: "https://discord.com/api/oauth2/token", scopes: []string{"email", "identify"},
		profile: request{address: "https://discord.com/api/users/@me"},
		person: person{
			uid: "{id}", email: []string{"email"}, verified: []string{"verified"}, username: []string{"username"}, name: []string{"global_name", "username"},
			show: showDiscord,
		},
	},
}

func showDiscord(said map[string]any) string {
	username, number := first(said, []string{"username"}), word(said["discriminator"])
	if len(number) == 4 && username != "" {
		return username + "#" + number
	}
	return first(said, []string{"global_name", "username"})
}
