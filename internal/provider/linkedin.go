package provider

// LinkedIn does not repeat the nonce (learn.microsoft.com/en-us/linkedin/consumer/integrations/self-serve/sign-in-with-linkedin-v2).
var linkedIn = known{
	name: "LinkedIn", server: at("https://www.linkedin.com/oauth"),
	way: openID{
		scopes: []string{"profile"}, emailScope: []string{"email"}, fetches: true, noNonce: true, method: byPost,
		no: []string{"user_cancelled_login", "user_cancelled_authorize"}, person: usualClaims,
	},
}
