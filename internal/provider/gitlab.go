package provider

import (
	"cmp"
	"strings"

	"github.com/vestibule-auth/vestibule/tenants"
)

const gitlabCom = "https://gitlab.com"

// GitLab, or a server of one's own, which need not have addresses be confirmed (docs.gitlab.com/api/oauth2).
var gitlab = known{
	name: "GitLab",
	server: func(a tenants.App) server {
		if a.Settings.GitLabURL != "" {
			return issuedBy(a.Settings.GitLabURL, "gitlab_url")
		}
		return issuedBy(gitlabCom, "")
	},
	way: oauth{
		places: func(a tenants.App) map[string]string {
			return map[string]string{"base": strings.TrimRight(cmp.Or(a.Settings.GitLabURL, gitlabCom), "/")}
		},
		authorize: "${base}/oauth/authorize", token: "${base}/oauth/token", pkce: true, scopes: []string{"read_user"},
		profile: request{address: "${base}/api/v4/user"},
		person:  person{uid: "{id}", username: []string{"username"}, name: []string{"name"}, email: []string{"email"}},
	},
}
