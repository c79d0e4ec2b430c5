package app_test

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/config"
)

// Traefik and Envoy are played here, by what their documentation says that they do with the files of the examples. They are not run.

// proxyPlayed is what a proxy does with a request: what it asks, and what it then passes on. passed is nil where it refuses, and status
// what the client is then told.
type proxyPlayed func(s *server, r *http.Request) (status int, answer, passed http.Header)

// playedTraefik is Traefik with the example: its middlewares one after the other.
func playedTraefik(t *testing.T) proxyPlayed {
	t.Helper()
	type headers struct {
		CustomRequestHeaders map[string]string `yaml:"customRequestHeaders"`
	}
	var file struct {
		HTTP struct {
			Routers     map[string]struct{ Middlewares []string }
			Middlewares map[string]struct {
				Headers     *headers
				ForwardAuth *struct {
					Address             string
					TrustForwardHeader  bool     `yaml:"trustForwardHeader"`
					AuthResponseHeaders []string `yaml:"authResponseHeaders"`
				} `yaml:"forwardAuth"`
			}
		}
	}
	if err := yaml.Unmarshal([]byte(example(t, "traefik/dynamic.yaml")), &file); err != nil {
		t.Fatal(err)
	}
	return func(s *server, r *http.Request) (int, http.Header, http.Header) {
		s.Helper()
		passed := r.Header.Clone()
		for _, name := range file.HTTP.Routers["app"].Middlewares {
			m := file.HTTP.Middlewares[name]
			switch {
			case m.Headers != nil:
				for name, value := range m.Headers.CustomRequestHeaders {
					if value == "" {
						passed.Del(name)
					} else {
						passed.Set(name, value)
					}
				}
			case m.ForwardAuth != nil:
				// A GET of the address, by its own host, with the client's headers but those of the connection.
				at, err := url.Parse(m.ForwardAuth.Address)
				if err != nil || m.ForwardAuth.TrustForwardHeader {
					s.Fatalf("the example has %+v: %v", m.ForwardAuth, err)
				}
				asked := passed.Clone()
				for _, hop := range []string{
					"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailers", "Transfer-Encoding", "Upgrade",
				} {
					asked.Del(hop)
				}
				client, _, _ := net.SplitHostPort(r.RemoteAddr)
				asked.Set("X-Forwarded-For", client)
				asked.Set("X-Forwarded-Method", r.Method)
				asked.Set("X-Forwarded-Proto", "https")
				asked.Set("X-Forwarded-Host", r.Host)
				asked.Set("X-Forwarded-Uri", r.URL.RequestURI())
				got := s.proxied(http.MethodGet, at.Host, at.Path, asked)
				if got.Status < 200 || got.Status > 299 {
					return got.Status, got.Header, nil
				}
				for _, name := range m.ForwardAuth.AuthResponseHeaders {
					passed.Del(name)
					if values := got.Header.Values(name); len(values) > 0 {
						passed[http.CanonicalHeaderKey(name)] = values
					}
				}
			default:
				s.Fatalf("the middleware %s is none that is played", name)
			}
		}
		return http.StatusOK, nil, passed
	}
}

// exactly are header names as Envoy's files have them.
type exactly struct{ Patterns []struct{ Exact string } }

func (e exactly) has(name string) bool {
	return slices.ContainsFunc(e.Patterns, func(p struct{ Exact string }) bool { return strings.EqualFold(p.Exact, name) })
}

// playedEnvoy is Envoy with the example.
func playedEnvoy(t *testing.T) proxyPlayed {
	t.Helper()
	type authz struct {
		FailureModeAllow bool                  `yaml:"failure_mode_allow"`
		StatusOnError    struct{ Code string } `yaml:"status_on_error"`
		AllowedHeaders   exactly               `yaml:"allowed_headers"`
		HTTPService      struct {
			PathPrefix           string `yaml:"path_prefix"`
			AuthorizationRequest struct {
				HeadersToAdd []struct{ Key, Value string } `yaml:"headers_to_add"`
			} `yaml:"authorization_request"`
			AuthorizationResponse struct {
				AllowedUpstreamHeaders exactly `yaml:"allowed_upstream_headers"`
				AllowedClientHeaders   exactly `yaml:"allowed_client_headers"`
			} `yaml:"authorization_response"`
		} `yaml:"http_service"`
	}
	var file struct {
		StaticResources struct {
			Listeners []struct {
				FilterChains []struct {
					Filters []struct {
						TypedConfig struct {
							HTTPFilters []struct {
								Name        string
								TypedConfig authz `yaml:"typed_config"`
							} `yaml:"http_filters"`
							Common struct {
								Underscores string `yaml:"headers_with_underscores_action"`
							} `yaml:"common_http_protocol_options"`
							RouteConfig struct {
								VirtualHosts []struct {
									Remove []string `yaml:"request_headers_to_remove"`
								} `yaml:"virtual_hosts"`
							} `yaml:"route_config"`
						} `yaml:"typed_config"`
					}
				} `yaml:"filter_chains"`
			}
		} `yaml:"static_resources"`
	}
	if err := yaml.Unmarshal([]byte(example(t, "envoy/envoy.yaml")), &file); err != nil {
		t.Fatal(err)
	}
	connection := file.StaticResources.Listeners[0].FilterChains[0].Filters[0].TypedConfig
	x := connection.HTTPFilters[0].TypedConfig
	if connection.HTTPFilters[0].Name != "envoy.filters.http.ext_authz" || x.FailureModeAllow || x.StatusOnError.Code != "ServiceUnavailable" ||
		connection.Common.Underscores != "REJECT_REQUEST" || x.HTTPService.PathPrefix == "" {
		t.Fatalf("the example has %+v", connection)
	}
	return func(s *server, r *http.Request) (int, http.Header, http.Header) {
		s.Helper()
		passed := r.Header.Clone()
		for name := range passed {
			if strings.Contains(name, "_") {
				return http.StatusBadRequest, http.Header{}, nil
			}
		}
		client, _, _ := net.SplitHostPort(r.RemoteAddr)
		passed.Set("X-Forwarded-For", strings.TrimPrefix(strings.Join(passed.Values("X-Forwarded-For"), ", ")+", "+client, ", "))
		// The method, the host and the path are the client's, the path below the prefix; of the headers those that are allowed.
		asked := http.Header{"Content-Length": {"0"}}
		for name, values := range passed {
			if x.AllowedHeaders.has(name) || name == "Authorization" {
				asked[name] = values
			}
		}
		for _, add := range x.HTTPService.AuthorizationRequest.HeadersToAdd {
			asked.Set(add.Key, add.Value)
		}
		got := s.proxied(r.Method, r.Host, x.HTTPService.PathPrefix+r.URL.RequestURI(), asked)
		response := x.HTTPService.AuthorizationResponse
		switch {
		case got.Status >= 500:
			return http.StatusServiceUnavailable, http.Header{}, nil
		case got.Status != http.StatusOK:
			for name := range got.Header {
				if !response.AllowedClientHeaders.has(name) {
					got.Header.Del(name)
				}
			}
			return got.Status, got.Header, nil
		}
		for name, values := range got.Header { // what the answer has not is left as it is
			if response.AllowedUpstreamHeaders.has(name) {
				passed[name] = values
			}
		}
		for _, name := range connection.RouteConfig.VirtualHosts[0].Remove {
			passed.Del(name)
		}
		return http.StatusOK, nil, passed
	}
}

// The examples for Traefik and Envoy, as far as it goes without them: what they ask is answered, and what they make of the answer tells the
// application who it is.
func TestExamplesOfProxiesLetInWhoIsSignedIn(t *testing.T) {
	for name, play := range map[string]func(*testing.T) proxyPlayed{"traefik": playedTraefik, "envoy": playedEnvoy} {
		t.Run(name, func(t *testing.T) {
			proxy := play(t)
			s := boot(t, "sqlite", func(cfg *config.Config, _ *app.Options) {
				cfg.TrustedClientIPHeader, cfg.TrustedProxyCount, cfg.SharedHosts = "", 1, []string{exampleApp}
			})
			s.acme(`, "headless": {"token_strategy": "jwt", "jwt_algorithm": "EdDSA"}`)
			mobile, page := s.client("app", exampleLogin), s.client("browser", exampleLogin)
			signedUp := mobile.post("/auth/signup", map[string]any{"email": "app@example.org", "username": "app", "password": password})
			appID, access := signedUp.userID(), signedUp.handed().access
			pageID := page.signup("page@example.org").want(http.StatusOK).userID()
			forged := forgedIdentity[:12] // without the spellings that Envoy refuses, and Traefik passes on
			ask := func(method, uri string, header http.Header) (int, http.Header, http.Header) {
				t.Helper()
				r, err := http.NewRequestWithContext(t.Context(), method, "http://"+exampleApp+uri, http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				r.Header, r.RemoteAddr = header, "203.0.113.9:4711"
				return proxy(s, r)
			}
			lets := func(header http.Header, user string) http.Header {
				t.Helper()
				var last http.Header
				for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
					status, _, passed := ask(method, "/reports/../x?of=may", header)
					if status != http.StatusOK || passed.Get("X-Auth-Request-User") != user || passed.Get("X-Auth-Request-Tenant") != "acme" ||
						passed.Get("X-Auth-Request-Session") == "" {
						t.Errorf("%s: answered %d, and passed on %v", method, status, passed)
					}
					for _, name := range []string{"X-Session-Token", "X-Tenant"} {
						if passed.Get(name) != "" {
							t.Errorf("%s was passed on", name)
						}
					}
					for name, values := range passed {
						if strings.HasPrefix(name, "X-Auth-") && (len(values) != 1 || slices.Contains(forged, values[0])) {
							t.Errorf("%s is passed on as %q", name, values)
						}
					}
					last = passed
				}
				return last
			}
			keepsOut := func(want int, header http.Header) http.Header {
				t.Helper()
				status, answer, passed := ask(http.MethodPost, "/browser/v1/config", header)
				if status != want || passed != nil {
					t.Errorf("answered %d, not %d; passed on: %v", status, want, passed)
				}
				return answer
			}
			lets(page.carried(), pageID)
			lets(mobile.carried(), appID)
			lets(http.Header{"Authorization": {"Bearer " + access}}, appID)
			lying := with(with(page.carried(), forged...), "X-Tenant", "system", "X-Forwarded-For", "6.6.6.6")
			if passed := lets(lying, pageID); passed.Get("X-Auth-Request-Email") != "" {
				t.Errorf("an address that is not proved is passed on: %v", passed)
			}
			if answer := keepsOut(http.StatusUnauthorized, with(http.Header{}, forged...)); answer.Get("WWW-Authenticate") == "" {
				t.Errorf("401 with %v", answer)
			}
			keepsOut(http.StatusUnauthorized, with(page.carried(), "X-Session-Token", "x"))
			if log := s.log.String(); !strings.Contains(log, `"client_ip":"203.0.113.9"`) || strings.Contains(log, "6.6.6.6") {
				t.Error("the server does not know where the client is")
			}
			held := page.carried()
			page.delete("/auth/session").want(http.StatusUnauthorized)
			keepsOut(http.StatusUnauthorized, held)
			s.adminWants(http.StatusOK, http.MethodPost, "/admin/v1/tenants/acme/suspend", map[string]any{})
			keepsOut(http.StatusForbidden, mobile.carried())
		})
	}
}
