package tenants

import (
	"bytes"
	"net/url"
	"slices"

	"github.com/vestibule-auth/vestibule/internal/hostname"
)

// ParseTemplate is ParsePatch for a new tenant that is like another one: doc and hosts are the other's, and patch is what is to be
// different. What is bound to the other's hosts stays behind, and so does the key that it signs with; its other secrets too, unless
// withSecrets says otherwise.
func ParseTemplate(doc []byte, hosts []string, patch []byte, withSecrets bool) ([]byte, Settings, error) {
	tree, err := readDocument(doc)
	if err != nil {
		return nil, unread(), err
	}
	for _, v := range secretsOf(tree) {
		if !withSecrets || v.path == "headless.jwt_private_key" {
			delete(v.in, v.key)
		}
	}
	leaveHosts(tree, hosts)
	base, err := writeDocument(tree)
	if err != nil {
		return nil, unread(), err
	}
	if len(bytes.TrimSpace(patch)) == 0 {
		patch = []byte("{}")
	}
	return ParsePatch(base, patch)
}

// boundToHosts are the settings that say where a tenant is. With another's, links would lead there and passkeys be bound to it.
var boundToHosts = [][]string{
	{"public_url"}, {"cookies", "domain"}, {"mfa", "trust_cookie_domain"}, {"mfa", "webauthn_rp_id"}, {"mfa", "webauthn_rp_origins"},
	{"headless", "jwt_audience"},
}

// leaveHosts takes out of a document what is bound to the hosts of its tenant, among them the pages and origins that are on them. Those
// of others stay: tenants may share a front end.
func leaveHosts(tree map[string]any, hosts []string) {
	own := slices.Clone(hosts)
	if public, ok := tree["public_url"].(string); ok {
		own = append(own, hostOf(public))
	}
	ours := func(v any) bool {
		s, _ := v.(string)
		u, err := url.Parse(s)
		if err != nil {
			return false
		}
		normal, ok := hostname.Normal(u.Host)
		return ok && slices.Contains(own, normal)
	}
	for _, path := range boundToHosts {
		leaveOut(tree, path)
	}
	pages := object(object(tree, "headless"), "frontend_urls")
	for name, page := range pages {
		if ours(page) {
			delete(pages, name)
		}
	}
	cors := object(tree, "cors")
	if origins, ok := cors["allowed_origins"].([]any); ok {
		cors["allowed_origins"] = slices.DeleteFunc(origins, ours)
	}
}
