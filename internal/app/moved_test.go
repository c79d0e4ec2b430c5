package app

import (
	"encoding/json"
	"strings"
	"testing"
)

// A demo tenant that an earlier version made has no pages for its links to lead to, and gets the example's, on the port of this start.
// Pages that are there stay those that they are.
func TestADemoTenantOfAnEarlierVersionGetsPages(t *testing.T) {
	const at = `"account_confirm_email":"`
	for name, c := range map[string]struct{ document, want string }{
		"on the same port":         {`{"public_url": "http://localhost:8080"}`, at + "http://localhost:8080/verify-email/{key}"},
		"on another port":          {`{"public_url": "http://demo.localhost:8081/"}`, at + "http://demo.localhost:8080/verify-email/{key}"},
		"with other settings":      {`{"public_url": "http://localhost:8080", "headless": {"clients": ["app"]}}`, at + "http://localhost:8080/verify-email/{key}"},
		"with pages":               {`{"public_url": "http://localhost:8080", "headless": {"frontend_urls": {"account_signup": "http://localhost:3000/join"}}}`, ""},
		"with the defaults' pages": {`{"public_url": "http://localhost:8080", "headless": {"frontend_urls": {}}}`, ""},
		"of a developer's own":     {`{"public_url": "https://demo.example"}`, ""},
		"of a front end":           {`{"public_url": "http://localhost:3000", "cors": {"allowed_origins": ["http://localhost:3000"]}}`, ""},
		"without a public URL":     {`{}`, ""},
	} {
		patch, err := movedTo("8080", []byte(c.document))
		if err != nil || (patch == nil) != (c.want == "") || !strings.Contains(string(patch), c.want) {
			t.Errorf("%s: %s, %v", name, patch, err)
			continue
		}
		var doc struct {
			Headless struct {
				URLs map[string]string `json:"frontend_urls"`
			}
		}
		if patch != nil && (json.Unmarshal(patch, &doc) != nil || len(doc.Headless.URLs) != len(demoPages(""))) {
			t.Errorf("%s: not every page is there: %s", name, patch)
		}
	}
}
