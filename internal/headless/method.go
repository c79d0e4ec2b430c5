package headless

import (
	"net/http"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/refusal"
)

// A method that a path does not take is 405, but for OPTIONS, which is answered with those that it does. The contract has everything else
// looked at first, as for the method that it does take: whether the path is there for the tenant, whether anything waits there, whether
// somebody is signed in and, where the method has a body, whether anything is missing in it.

// other is the row for a method that a path does not take: the check of the one that it does, and then 405.
func (e *endpoint) other(method string) route {
	var taken route
	for _, row := range e.methods {
		if taken.path == "" || row.asks != nil {
			taken = row
		}
	}
	return route{method: method, path: taken.path, offered: taken.offered, open: taken.open, act: func(v *flows.Visit, r *http.Request) (viewed, error) {
		return viewed{Status: http.StatusMethodNotAllowed}, taken.missing(v, r)
	}}
}

// missing is why a request to a path fails whatever its values are.
func (row *route) missing(v *flows.Visit, r *http.Request) error {
	var names []string
	if row.asks != nil {
		var err error
		if names, err = row.asks(v); err != nil {
			return err
		}
	}
	if r.Method == http.MethodGet || row.blind {
		return nil
	}
	in, err := decode(r)
	if err != nil {
		return err
	}
	var f refusal.Faults
	for _, name := range names {
		if in.text(name).Value == "" {
			f.Add(name, refusal.Required)
		}
	}
	return f.Err()
}

// closed is why a request is refused before its body is read: nothing waits there, or nobody is signed in.
func (row *route) closed(v *flows.Visit) error {
	switch {
	case row.waits != nil && !row.waits(v):
		return refusal.Of(refusal.Conflict)
	case row.waits != nil || row.asks == nil:
		return nil
	}
	_, err := row.asks(v)
	return err
}

// all asks for these members of anybody.
func all(names ...string) asks {
	return func(*flows.Visit) ([]string, error) { return names, nil }
}

// signedInFor asks for these members of whoever is signed in.
func signedInFor(names ...string) asks { return asksAfter(needsUser, names...) }

// needsUser refuses strangers.
func needsUser(v *flows.Visit) error { return unless(v.Authenticated(), refusal.Unauthenticated) }

// awaitsFactor refuses who has no login that waits for a second factor, and awaitsTrust who has none that waits to be told whether to
// trust the browser.
func awaitsFactor(v *flows.Visit) error {
	return unless(v.Pending() == flows.MFAAuthenticate, refusal.Unauthenticated)
}

func awaitsTrust(v *flows.Visit) error {
	return unless(v.Pending() == flows.MFATrust, refusal.Unauthenticated)
}

// awaitsProviderSignup refuses who has no signup by a provider that waits.
func awaitsProviderSignup(v *flows.Visit) error {
	return unless(v.AwaitsProviderSignup(), refusal.Conflict)
}

func unless(ok bool, kind refusal.Kind) error {
	if !ok {
		return refusal.Of(kind)
	}
	return nil
}

// asksAfter asks for these members of whoever is not refused first.
func asksAfter(first func(*flows.Visit) error, names ...string) asks {
	return func(v *flows.Visit) ([]string, error) { return names, first(v) }
}

// awaited asks for these members where something waits for them.
func awaited(waits func(*flows.Visit) bool, names ...string) asks {
	return func(v *flows.Visit) ([]string, error) {
		if !waits(v) {
			return nil, refusal.Of(refusal.Conflict)
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

// asksOfLoginCode asks for nothing where there are two names to choose from: which of them is missing cannot be said.
func asksOfLoginCode(v *flows.Visit) ([]string, error) {
	account := &v.Tenant.Settings.Account
	byEmail, byPhone := account.LoginMethods.Has("email"), account.LoginMethods.Has("phone")
	switch {
	case !account.LoginByCodeEnabled:
		return nil, refusal.Of(refusal.Missing)
	case byEmail && byPhone:
		return nil, nil
	case byPhone:
		return []string{"phone"}, nil
	default:
		return []string{"email"}, nil
	}
}

func asksOfLoginCodeAgain(v *flows.Visit) ([]string, error) {
	if !v.Tenant.Settings.Account.LoginByCodeEnabled {
		return nil, refusal.Of(refusal.Missing)
	}
	return nil, nil
}

func asksOfPasswords(v *flows.Visit) ([]string, error) {
	if status := v.Status(); status.User == nil || !status.User.HasUsablePassword {
		return signedInFor("new_password")(v)
	}
	return []string{"current_password", "new_password"}, nil
}
