package provider

// Slack's accounts belong to a workspace (docs.slack.dev/authentication/sign-in-with-slack).
var slack = known{
	name: "Slack", server: at("https://slack.com"),
	way: openID{scopes: []string{"profile", "email"}, fetches: true, person: person{
		uid: "{https://slack.com/team_id}_{https://slack.com/user_id}", email: []string{"email"}, verified: []string{"email_verified"},
		name: []string{"name"}, given: []string{"given_name"}, family: []string{"family_name"},
	}},
}
