package provider

// Yandex has verified the addresses that it has (yandex.com/dev/id/doc/en/user-information).
var yandex = known{
	name: "Yandex",
	way: oauth{
		authorize: "https://oauth.yandex.com/authorize", token: "https://oauth.yandex.com/token",
		scopes: []string{"login:info"}, emailScope: []string{"login:email"},
		profile: request{address: "https://login.yandex.ru/info", query: map[string]string{"format": "json"}, scheme: "OAuth"},
		person: person{
			uid: "{id}", email: []string{"default_email", "emails>0"}, always: true, username: []string{"display_name"}, name: []string{"real_name"},
			given: []string{"first_name"}, family: []string{"last_name"}, shown: []string{"default_email"},
		},
	},
}
