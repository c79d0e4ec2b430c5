package admin

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// User is a user as a list shows it. What is "" or null there is none of.
type User struct {
	ID            string     `json:"id"`
	Username      string     `json:"username"`
	Name          string     `json:"name"`
	Email         string     `json:"email"`          // the primary address
	EmailVerified bool       `json:"email_verified"` // whether any address is
	Phone         string     `json:"phone"`
	PhoneVerified bool       `json:"phone_verified"`
	Active        bool       `json:"active"`
	HasPassword   bool       `json:"has_password"`
	Factors       []string   `json:"factors"` // the types of authenticator
	CreatedAt     time.Time  `json:"created_at"`
	LastLoginAt   *time.Time `json:"last_login_at"`
}

func userOf(r *store.UserRow) User {
	u := User{
		ID: r.ID, Username: r.Username, Name: r.Name, Email: r.Email, EmailVerified: r.AnyVerified, Phone: r.Phone, PhoneVerified: r.PhoneVerified,
		Active: r.Active, HasPassword: r.HasPassword, Factors: []string{}, CreatedAt: r.CreatedAt.UTC(), LastLoginAt: atOrNull(r.LastLoginAt),
	}
	for _, t := range store.AuthenticatorTypes {
		if r.Factors.Has(t) {
			u.Factors = append(u.Factors, string(t))
		}
	}
	return u
}

// UserQuery says which users are listed. The zero value is all of them, the latest first.
type UserQuery struct {
	Q        string // an id, or what an address, a username or a number begins with; then the list goes by that
	Active   *bool
	Verified *bool
	Factor   string // a type of authenticator, any (second factor), or none

	CreatedFrom, CreatedUntil time.Time
	LoginFrom, LoginUntil     time.Time // of the last login

	faults faults
}

// UserParameters are the parameters of a request for a list of users.
var UserParameters = []string{"q", "active", "verified", "factor", "created_from", "created_until", "last_login_from", "last_login_until"}

// factors are what a list may be asked for by.
var factors = []string{"any", "none", string(store.TOTP), string(store.WebAuthn), string(store.RecoveryCodes)}

const mostQuery = 320 // characters; nothing that is looked for is longer

// ReadUserQuery reads a query from a request's parameters. What does not fit is kept, and reported by Users.
func ReadUserQuery(v url.Values) UserQuery {
	q := UserQuery{Q: strings.TrimSpace(v.Get("q")), Factor: v.Get("factor")}
	flag := func(name string) *bool {
		value := v.Get(name)
		if !v.Has(name) {
			return nil
		}
		if value != "true" && value != "false" {
			q.faults.add(name, "must be true or false")
		}
		yes := value == "true"
		return &yes
	}
	at := func(name string) time.Time {
		t, err := time.Parse(time.RFC3339, v.Get(name))
		if v.Has(name) && err != nil {
			q.faults.add(name, "must be a time such as 2026-06-01T12:00:00Z")
		}
		return t.UTC()
	}
	q.Active, q.Verified = flag("active"), flag("verified")
	q.CreatedFrom, q.CreatedUntil = at("created_from"), at("created_until")
	q.LoginFrom, q.LoginUntil = at("last_login_from"), at("last_login_until")
	if v.Has("factor") && !slices.Contains(factors, q.Factor) {
		q.faults.add("factor", "must be one of %s", strings.Join(factors, ", "))
	}
	if len([]rune(q.Q)) > mostQuery || strings.ContainsRune(q.Q, 0) {
		q.faults.add("q", "must have %d characters at most, and be text", mostQuery)
	}
	return q
}

func (q *UserQuery) admits(r *store.UserRow) bool {
	within := func(t, from, until time.Time) bool {
		return (from.IsZero() || !t.Before(from)) && (until.IsZero() || t.Before(until))
	}
	factor := true
	switch q.Factor {
	case "":
	case "any":
		factor = r.Factors.Second()
	case "none":
		factor = !r.Factors.Second()
	default:
		factor = r.Factors.Has(store.AuthenticatorType(q.Factor))
	}
	login := q.LoginFrom.IsZero() && q.LoginUntil.IsZero() || !r.LastLoginAt.IsZero() && within(r.LastLoginAt, q.LoginFrom, q.LoginUntil)
	return factor && login && within(r.CreatedAt, q.CreatedFrom, q.CreatedUntil) &&
		(q.Active == nil || *q.Active == r.Active) && (q.Verified == nil || *q.Verified == r.AnyVerified)
}

// list names the list of a tenant's users that the query makes, for its cursors.
func (q *UserQuery) list(t *tenants.Tenant) ([]string, error) {
	asked, err := json.Marshal(q)
	return []string{"users", t.ID, string(asked)}, err
}

// A list is read in rounds: a round is one look at an index. Where users are left out, by what no index knows, rounds become bigger, and no
// more users than this are looked at for a page, so that no request reads a table of millions.
const (
	bigRound = store.MostRows
	mostSeen = 2500
)

// searching is how far a list is: the names that are searched one after the other, and the place in the one of now.
type searching struct {
	By    string      `json:"by"`
	Place store.Place `json:"place"`
}

// The names that users are searched by, in order.
const (
	byCreation = "created"
	byEmail    = "email"
	byUsername = "username"
	byPhone    = "phone"
)

// Users lists a tenant's users, up to limit on a page, at most MaxPage. The first page has the cursor ""; each page comes with the cursor
// of the next one, which is "" after the last. A page may have fewer users than asked for, or none, before the last: then many were
// looked at and left out.
func (s *Service) Users(ctx context.Context, slug string, q UserQuery, cursor string, limit int) (page []User, next string, err error) {
	t, err := s.served(ctx, slug)
	if err != nil {
		return nil, "", err
	}
	if err := errors.Join(q.faults.err(), checkLimit(limit)); err != nil {
		return nil, "", err
	}
	if flows.ValidID(q.Q) {
		return s.userByID(ctx, t, q)
	}
	list, err := q.list(t)
	if err != nil {
		return nil, "", err
	}
	names := s.searchOf(t, q)
	at := searching{By: names[0].by, Place: names[0].first}
	if err := s.placeOf(list, cursor, &at); err != nil {
		return nil, "", err
	}
	page, at, err = collect(ctx, names, at, limit, q)
	if err != nil {
		return nil, "", failed("list users", err)
	}
	if at.By != "" {
		next, err = s.cursorAt(list, at)
	}
	return page, next, err
}

func (s *Service) userByID(ctx context.Context, t *tenants.Tenant, q UserQuery) (page []User, next string, err error) {
	r, err := s.store.For(t).UserByID(ctx, q.Q)
	if errors.Is(err, store.ErrNotFound) {
		return []User{}, "", nil
	}
	if err != nil {
		return nil, "", failed("read user", err)
	}
	page = []User{}
	if q.admits(r) {
		page = append(page, userOf(r))
	}
	return page, "", nil
}

// search is one of the names that users are searched by.
type search struct {
	by    string
	first store.Place
	read  func(ctx context.Context, after store.Place, n int) ([]store.UserRow, error)
}

func (s *Service) searchOf(t *tenants.Tenant, q UserQuery) []search {
	scope := s.store.For(t)
	if q.Q == "" {
		return []search{{byCreation, store.Latest, func(ctx context.Context, after store.Place, n int) ([]store.UserRow, error) {
			return scope.Users(ctx, q.CreatedFrom, q.CreatedUntil, after, n)
		}}}
	}
	var all []search
	email, username, phone := flows.SearchKeys(q.Q)
	if email != "" {
		all = append(all, search{byEmail, store.First, func(ctx context.Context, after store.Place, n int) ([]store.UserRow, error) {
			return scope.UsersByEmail(ctx, email, after, n)
		}})
	}
	all = append(all, search{byUsername, store.First, func(ctx context.Context, after store.Place, n int) ([]store.UserRow, error) {
		return scope.UsersByUsername(ctx, username, email, after, n)
	}})
	if phone != "" {
		all = append(all, search{byPhone, store.First, func(ctx context.Context, after store.Place, n int) ([]store.UserRow, error) {
			return scope.UsersByPhone(ctx, phone, after, n)
		}})
	}
	return all
}

// collect reads users from a place on until a page is full, there are no more, or enough were looked at. It returns how far it came,
// which is nowhere once there are no more.
func collect(ctx context.Context, names []search, at searching, limit int, q UserQuery) (page []User, to searching, err error) {
	page = []User{}
	i := slices.IndexFunc(names, func(n search) bool { return n.by == at.By })
	round := limit + 1
	for seen := 0; i >= 0 && i < len(names); {
		rows, err := names[i].read(ctx, at.Place, round)
		if err != nil {
			return nil, at, err
		}
		for j := range rows {
			if len(page) == limit || seen == mostSeen {
				return page, at, nil
			}
			at.Place = rows[j].Place
			seen++
			if !rows[j].Twice && q.admits(&rows[j]) {
				page = append(page, userOf(&rows[j]))
			}
		}
		if len(rows) == round {
			round = min(4*round, bigRound)
			continue
		}
		if i++; i < len(names) {
			at = searching{By: names[i].by, Place: names[i].first}
		}
	}
	return page, searching{}, nil
}

// missingUser is what a user who is not there is refused as.
var missingUser = refusal.Of(refusal.Missing)
