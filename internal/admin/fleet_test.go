package admin

import "testing"

// One tenant whose settings cannot be read is no reason to say nothing of all the others.
func TestHandsOutTokens(t *testing.T) {
	for settings, want := range map[string]bool{
		`{"headless":{"token_strategy":"jwt"}}`: true, `{"headless":{"token_strategy":"session"},"idp_oidc":{"access_token_format":"jwt"}}`: false,
		`{}`: false, `{"headless":{"token_strategy":"jwt"`: false, `{"headless":["jwt"]}`: false, ``: false,
	} {
		if got := handsOutTokens([]byte(settings)); got != want {
			t.Errorf("%s: %v", settings, got)
		}
	}
}
