package provider

// Google vouches for the addresses that it has (developers.google.com/identity/openid-connect). Its ID tokens for phones name the phone's app as
// azp, and the web's as aud: both belong to the same project.
var google = known{
	name: "Google", server: at("https://accounts.google.com"),
	way: openID{scopes: []string{"profile"}, emailScope: []string{"email"}, anyParty: true, person: usualClaims},
}
