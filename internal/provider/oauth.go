package provider

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"golang.org/x/oauth2"

	"github.com/vestibule-auth/vestibule/tenants"
)

// oauth is a provider that speaks OAuth 2.0 (RFC 6749), and says who somebody is in a way of its own. In its addresses and in what it is sent,
// ${…} stands for a place (see places), for client_id, or for what the token endpoint answered.
type oauth struct {
	places     func(tenants.App) map[string]string // where the app's server is; nil: where all are
	authorize  string
	token      string
	method     string // how the app shows its secret; "": in the form
	scopes     []string
	emailScope []string // what is asked for besides where addresses are wanted
	delimiter  string   // between scopes; "": a space
	pkce       bool     // it is known to take PKCE
	params     map[string]string
	carries    []string // what comes back with the code, and is sent on with it
	profile    request  // the answer says who somebody is; without an address, the token endpoint's does
	more       []request
	person     person
	no         []string // its own words for somebody's no
	// trusts says for which app an access token was given that a front end hands in. nil: it cannot be told, so that none are taken.
	trusts func(ctx context.Context, l *login, access string) error
	// limited is for ID tokens that a front end hands in; nil: there are none.
	limited *openID
	// prove adds what shows that the app itself is asking; nil: nothing does.
	prove func(l *login, access string, query url.Values)
	json  bool // the token endpoint takes JSON in the place of a form
	// trade has codes exchanged in a way of its own; nil: as RFC 6749 has it.
	trade func(ctx context.Context, l *login, endpoint, code string) (*oauth2.Token, map[string]any, error)
	// begun is the address that somebody is sent to, where there is more to it; may be nil.
	begun func(address string) string
}

// request is a request for what a provider knows of somebody.
type request struct {
	method  string // "": GET
	address string
	query   map[string]string
	form    map[string]string
	headers map[string]string
	scheme  string // how the token is shown (RFC 6750, section 2.1); "": Bearer; none: not in the header
	ok      string // a member that has to be true; "": the status says enough
	inside  string // a path to what counts in the answer
	into    string // the member that the answer becomes; "": its members stand by themselves
	needs   string // a member of the token endpoint's answer without which it is not made
	email   bool   // it is made where addresses are wanted alone, and may be turned down (403, 404)
}

const none = "none"

func (o oauth) takes() bool { return o.trusts != nil || o.limited != nil }

// values are what stands for ${…}.
func (o oauth) values(l *login, answered map[string]any) func(string) string {
	var places map[string]string
	if o.places != nil {
		places = o.places(l.app)
	}
	return func(name string) string {
		switch value, ok := places[name]; {
		case ok:
			return value
		case name == "client_id":
			return l.clientID()
		default:
			return word(answered[name])
		}
	}
}

// begin is where somebody is sent (RFC 6749, section 4.1.1).
func (o oauth) begin(_ context.Context, l *login) (string, error) {
	address := os.Expand(o.authorize, o.values(l, nil))
	if bad := l.allows(address); bad != nil {
		return "", l.fault(bad.why)
	}
	more := l.parameters(o.params)
	if l.pkce(o.pkce) {
		more = append(more, oauth2.S256ChallengeOption(l.at.Verifier))
	}
	config := &oauth2.Config{ClientID: l.clientID(), RedirectURL: l.callback, Endpoint: oauth2.Endpoint{AuthURL: address}}
	if scopes := l.scopes(o.scopes, o.emailScope); len(scopes) > 0 {
		config.Scopes = []string{strings.Join(scopes, cmp.Or(o.delimiter, " "))}
	}
	to := config.AuthCodeURL(l.at.State, more...)
	if o.begun != nil {
		to = o.begun(to)
	}
	return to, nil
}

// complete is who came back (RFC 6749, sections 4.1.2 to 4.1.4).
func (o oauth) complete(ctx context.Context, l *login, params url.Values) (*Identity, error) {
	code, err := l.came(params, o.no)
	if err != nil {
		return nil, err
	}
	var carried []oauth2.AuthCodeOption
	for _, name := range o.carries {
		carried = append(carried, oauth2.SetAuthURLParam(name, params.Get(name)))
	}
	endpoint := os.Expand(o.token, o.values(l, nil))
	var (
		got      *oauth2.Token
		answered map[string]any
	)
	if o.trade != nil {
		got, answered, err = o.trade(ctx, l, endpoint, code)
	} else {
		got, answered, err = o.exchange(ctx, l, endpoint, code, carried)
	}
	if err != nil {
		return nil, err
	}
	who, err := o.who(ctx, l, answered)
	if err != nil {
		return nil, err
	}
	who.Tokens = l.tokens(got)
	return who, nil
}

func (o oauth) exchange(ctx context.Context, l *login, endpoint, code string, carried []oauth2.AuthCodeOption) (*oauth2.Token, map[string]any, error) {
	method := cmp.Or(l.app.Settings.TokenAuthMethod, o.method, l.method(nil))
	if l.app.Settings.TokenAuthMethod == "" && !l.app.Secret.IsSet() {
		method = byNone // PKCE is what protects such an app
	}
	got, a, err := l.exchange(ctx, trade{endpoint: endpoint, method: method, code: code, pkce: l.pkce(o.pkce), json: o.json, more: carried})
	if err != nil {
		return nil, nil, err
	}
	answered, err := readObject(a.body)
	if err != nil { // a form, which has nothing else that anybody looks for
		answered = map[string]any{}
	}
	answered["access_token"] = got.AccessToken
	return got, answered, nil
}

// verify is whose token a front end handed in. An access token proves nothing unless it was given to this app: another app's could have been
// taken from somebody who logged in there.
func (o oauth) verify(ctx context.Context, l *login, token Token) (*Identity, error) {
	switch {
	case token.Access != "" && o.trusts != nil:
		if err := o.trusts(ctx, l, token.Access); err != nil {
			return nil, err
		}
		who, err := o.who(ctx, l, map[string]any{"access_token": token.Access})
		if err != nil {
			return nil, err
		}
		who.Tokens = &Tokens{Access: token.Access}
		return who, nil
	case token.ID != "" && o.limited != nil:
		return o.limited.verify(ctx, l, Token{ID: token.ID})
	default:
		return nil, l.refused("There is no token of a kind that is taken.")
	}
}

// who asks the provider who somebody is.
func (o oauth) who(ctx context.Context, l *login, answered map[string]any) (*Identity, error) {
	values := o.values(l, answered)
	said := answered
	if o.profile.address != "" {
		v, err := o.ask(ctx, l, o.profile, values)
		if err != nil {
			return nil, err
		}
		object, ok := v.(map[string]any)
		if !ok {
			return nil, l.fault("What the provider says of somebody cannot be read.")
		}
		said = object
	}
	for _, r := range o.more {
		if r.email && !l.tenant.Settings.SocialAccount.QueryEmail || r.needs != "" && values(r.needs) == "" {
			continue
		}
		v, err := o.ask(ctx, l, r, values)
		if err != nil {
			return nil, err
		}
		if object, ok := v.(map[string]any); ok && r.into == "" {
			said = over(said, object)
		} else if r.into != "" {
			said[r.into] = v
		}
	}
	return l.identity(o.person, said)
}

// ask is what a provider answers to a request; nil: it does not say.
func (o oauth) ask(ctx context.Context, l *login, r request, values func(string) string) (any, error) {
	fill := func(from map[string]string) url.Values {
		if from == nil {
			return nil
		}
		to := url.Values{}
		for name, template := range from {
			to.Set(name, os.Expand(template, values))
		}
		return to
	}
	access := values("access_token")
	query := fill(r.query)
	if o.prove != nil {
		if query == nil {
			query = url.Values{}
		}
		o.prove(l, access, query)
	}
	address := os.Expand(r.address, values)
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	a, bad := l.call(ctx, cmp.Or(r.method, http.MethodGet), address, fill(r.form), mostDocument, func(q *http.Request) {
		for name, template := range r.headers {
			q.Header.Set(name, os.Expand(template, values))
		}
		switch r.scheme {
		case none:
		case "":
			q.Header.Set("Authorization", "Bearer "+access)
		default:
			q.Header.Set("Authorization", r.scheme+" "+access)
		}
	})
	shown := l.quote(os.Expand(r.address, values))
	switch {
	case bad != nil:
		return nil, l.fault(bad.why)
	case r.email && (a.status == http.StatusForbidden || a.status == http.StatusNotFound):
		return nil, nil
	case a.status != http.StatusOK:
		return nil, l.fault(fmt.Sprintf("%s answered %d.", shown, a.status))
	}
	v, err := readJSON(a.body)
	if err != nil {
		return nil, l.fault("What " + shown + " answered cannot be read.")
	}
	if r.ok != "" && !isTrue(follow(v, r.ok)) {
		return nil, l.fault(shown + " says that something is wrong.")
	}
	return follow(v, r.inside), nil
}
