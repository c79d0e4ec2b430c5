package provider

// Providers that are installed, or hosted, for somebody: server_url says where. They are openid_connect by names of their own, of which a tenant
// can have one server each.
var (
	// auth0 has an issuer that ends with a slash (auth0.com/docs/get-started/applications/configure-applications-with-oidc-discovery).
	auth0 = ownServer("Auth0")
	// keycloak has an issuer for each realm, such as https://sso.example.org/realms/staff.
	keycloak = ownServer("Keycloak")
	// okta has one for the organization, and one for each server that is added (developer.okta.com/docs/concepts/auth-servers).
	okta = ownServer("Okta")
)

func ownServer(name string) known {
	return known{name: name, server: atServerURL, way: openIDConnect.way}
}
