package headless

import (
	"net/http"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/refusal"
)

// A path answers PUT, PATCH and DELETE with 405 where it takes none of them. The contract has their input looked at first, as
// that of a POST: what is missing is 400, and so says a path that is called with the wrong method and no body.

// other is the row for a method that a path does not take: the check of its POST, and then 405.
func (e *endpoint) other(method string) (route, bool) {
	post, ok := e.methods[http.MethodPost]
	if !ok || post.asks == nil || (method != http.MethodPut && method != http.MethodPatch && method != http.MethodDelete) {
		return route{}, false
	}
	return route{method: method, path: post.path, act: func(v *flows.Visit, r *http.Request) (viewed, error) {
		names, err := post.asks(v)
		if err != nil {
			return viewed{}, err
		}
		in, err := decode(r)
		if err != nil {
			return viewed{}, err
		}
		var f refusal.Faults
		for _, name := range names {
			if in.text(name).Value == "" {
				f.Add(name, refusal.Required)
			}
		}
		return viewed{Status: http.StatusMethodNotAllowed}, f.Err()
	}}, true
}

// all asks for these members of anybody.
func all(names ...string) asks {
	return func(*flows.Visit) ([]string, error) { return names, nil }
}

// signedInFor asks for these members of whoever is signed in.
func signedInFor(names ...string) asks {
	return func(v *flows.Visit) ([]string, error) {
		if !v.Authenticated() {
			return nil, refusal.Of(refusal.Unauthenticated)
		}
		return names, nil
	}
}

func asksOfLogin(v *flows.Visit) ([]string, error) {
	if methods := v.Tenant.Settings.Account.LoginMethods; len(methods) == 1 {
		return []string{methods[0], "password"}, nil
	}
	return []string{"password"}, nil
}

func asksOfPasswords(v *flows.Visit) ([]string, error) {
	if status := v.Status(); status.User == nil || !status.User.HasUsablePassword {
		return signedInFor("new_password")(v)
	}
	return []string{"current_password", "new_password"}, nil
}
