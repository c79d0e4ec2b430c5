package provider

import (
	"strings"

	"github.com/vestibule-auth/vestibule/tenants"
)

// GitHub, or a server of one's own (docs.github.com/en/apps/oauth-apps). Addresses are a list, for which there is a scope.
var github = known{
	name: "GitHub",
	server: func(a tenants.App) server {
		s := server{tokens: githubPlaces(a)["web"] + "/login/oauth/access_token"}
		if a.Settings.GitHubURL != "" {
			s.setting = "github_url"
		}
		return s
	},
	way: oauth{
		places: githubPlaces, authorize: "${web}/login/oauth/authorize", token: "${web}/login/oauth/access_token",
		pkce: true, emailScope: []string{"user:email"}, profile: request{address: "${api}/user"},
		more: []request{{address: "${api}/user/emails", into: "emails", email: true}},
		person: person{
			uid: "{id}", username: []string{"login"}, name: []string{"name"}, email: []string{"email"},
			emails: emails{list: "emails", address: "email", verified: "verified", primary: "primary"},
		},
	},
}

func githubPlaces(a tenants.App) map[string]string {
	if a.Settings.GitHubURL == "" {
		return map[string]string{"web": "https://github.com", "api": "https://api.github.com"}
	}
	web := strings.TrimRight(a.Settings.GitHubURL, "/")
	return map[string]string{"web": web, "api": web + "/api/v3"}
}
