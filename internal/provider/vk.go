package provider

import "net/http"

// VK ID wants PKCE, and the id of the device that it sends back (id.vk.com/about/business/go/docs/en/vkid).
var vk = known{
	name: "VK",
	way: oauth{
		authorize: "https://id.vk.ru/authorize", token: "https://id.vk.ru/oauth2/auth", pkce: true, emailScope: []string{"email"},
		carries: []string{"device_id", "state"},
		profile: request{
			method: http.MethodPost, address: "https://id.vk.ru/oauth2/user_info", scheme: none, inside: "user",
			form: map[string]string{"access_token": "${access_token}", "client_id": "${client_id}"},
		},
		person: person{
			uid: "{user_id}", email: []string{"email"}, phone: "phone", given: []string{"first_name"}, family: []string{"last_name"},
		},
	},
}
