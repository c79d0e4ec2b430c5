package provider

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/vestibule-auth/vestibule/tenants"
)

const microsoftHost = "https://login.microsoftonline.com/"

// Microsoft's directories have addresses that their administrators write, of any domain: they are never verified by what it says
// (learn.microsoft.com/en-us/graph/api/user-get). Whoever trusts one directory sets tenant and verified_email.
var microsoft = known{
	name: "Microsoft", server: microsoftServer,
	way: oauth{
		places:    func(a tenants.App) map[string]string { return map[string]string{"directory": microsoftDirectory(a)} },
		authorize: microsoftHost + "${directory}/oauth2/v2.0/authorize", token: microsoftHost + "${directory}/oauth2/v2.0/token", pkce: true,
		scopes: []string{"User.Read"},
		profile: request{address: "https://graph.microsoft.com/v1.0/me", query: map[string]string{
			"$select": "displayName,givenName,id,mail,mailNickname,surname,userPrincipalName",
		}},
		person: person{
			uid: "{id}", email: []string{"mail", "userPrincipalName"}, username: []string{"mailNickname"}, name: []string{"displayName"},
			given: []string{"givenName"}, family: []string{"surname"},
		},
	},
}

// microsoftDirectory is the directory to log in to, as a part of an address.
func microsoftDirectory(a tenants.App) string {
	return url.PathEscape(cmp.Or(a.Settings.Tenant, "common"))
}

// microsoftServer is the server of a directory. Those of everybody's directories do not name themselves but a place for the directory's id,
// and a directory that is named by its domain names itself by its id.
func microsoftServer(a tenants.App) server {
	return server{
		discovery: microsoftHost + microsoftDirectory(a) + "/v2.0" + wellKnown,
		issuer: func(said string) string {
			if id, ok := strings.CutPrefix(said, microsoftHost); ok && strings.HasSuffix(id, "/v2.0") && strings.Count(id, "/") == 1 {
				return ""
			}
			return microsoftHost + "…/v2.0"
		},
		codeFirst: true,
	}
}
