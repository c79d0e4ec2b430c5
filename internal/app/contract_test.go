package app_test

import (
	"net/http"
	"strings"
	"testing"
)

// Front ends that come from django-allauth find what they are used to, also where only a comparison of the two tells.

// Who is signed in, and is told of the ways in all the same, is told of providers, too.
func TestProvidersAreAmongTheWaysInOfWhoIsSignedIn(t *testing.T) {
	t.Parallel()
	s := boot(t, "sqlite", withDummy)
	host := s.tenant(`{"socialaccount": {` + dummyApp + `}, "mfa": {` + factorTypes + `}}`)
	c := s.client("app", host)
	c.signup("ann@example.org").want(http.StatusOK)
	if r := c.get("/auth/2fa/authenticate").want(http.StatusUnauthorized); !strings.Contains(r.Body, `{"id":"provider_token","providers":["dummy"]}`) {
		t.Errorf("the ways in are %s", r.Body)
	}
}

// A token that is empty is one that is missing, and nothing else is wrong with it.
func TestAnEmptyProviderTokenIsMissing(t *testing.T) {
	t.Parallel()
	s := boot(t, "sqlite", withDummy)
	host := s.tenant(`{"socialaccount": {` + dummyApp + `}}`)
	r := s.client("app", host).post("/auth/provider/token", map[string]any{"provider": "dummy", "process": "login", "token": map[string]any{}})
	r.want(http.StatusBadRequest).code("required", "token")
}

// The CSRF cookie lives as long as Django's, so that shadow mode finds nothing.
func TestTheCSRFCookieLivesAsLongAsThere(t *testing.T) {
	t.Parallel()
	s := boot(t, "sqlite")
	if r := s.plainRequest(http.MethodGet, s.tenant(`{}`), "/_allauth/browser/v1/config"); !strings.Contains(r.Header.Get("Set-Cookie"), "; Max-Age=31449600;") {
		t.Errorf("it is %s", r.Header.Get("Set-Cookie"))
	}
}
