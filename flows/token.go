package flows

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/token"
	"github.com/vestibule-auth/vestibule/tenants"
)

// An access token names the session that it was made in, by the session's id, which opens nothing by itself. It is good until it
// expires; here, where the session is looked at, no longer than the session.
//
// A refresh token is a number of its session: the session keeps the one number that is good, and each use counts it up, by one
// statement that only one of many at once can have an effect with. Whoever shows the number before, a moment later, is told the
// same again, since an answer may have been lost or asked for twice. Whoever shows an older one, or comes later, shows a token
// that somebody else has used: one of the two has stolen it, and the session ends for both.

// Tokens are what an app is handed to show to other servers.
type Tokens struct {
	Access  string
	Refresh string // for new ones; "" where the one that the app has stays good
}

// newFamily is how far a login is ahead of the refresh token before: too far for that to be the one just before.
const newFamily = 2

// TokensOffered reports whether a tenant hands out access and refresh tokens.
func TokensOffered(t *tenants.Tenant) bool { return t.Settings.Headless.TokenStrategy == "jwt" }

// Tokens are those that are handed to whoever this visit has signed in; none where it has signed in nobody.
func (v *Visit) Tokens() (Tokens, error) {
	if v.keys == nil || v.user == nil {
		return Tokens{}, nil
	}
	return v.tokens(v.keys, v.user, v.session.ID, v.session.RefreshNumber, v.session.RefreshedAt)
}

// tokens are a new access token, and the refresh token with a number. That is always the same for the same number, as far as the
// algorithm of the key lets it: it is made as of when the number came to be.
func (v *Visit) tokens(keys *token.Set, u *store.User, sid string, number int64, since time.Time) (Tokens, error) {
	var out Tokens
	h := &v.Tenant.Settings.Headless
	extra, err := v.Tenant.Claims(tenants.ClaimUser{ID: u.ID, Email: u.Email, Username: u.Username, Name: u.Name})
	if err != nil {
		return out, err
	}
	access := token.Claims{
		Issuer: v.Tenant.PublicURL(), Audience: v.Tenant.Audience(), Subject: u.ID, Session: sid, ID: secret.NewID(), Use: token.Access,
		IssuedAt: v.Now, Expires: v.Now.Add(h.JWTAccessTokenExpiresIn.Duration()), Extra: extra,
	}
	if out.Access, err = sign(keys, access); err != nil || number == 0 {
		return out, err
	}
	refresh := token.Claims{
		Issuer: access.Issuer, Audience: access.Issuer, Subject: u.ID, Session: sid, ID: refreshID(sid, number), Use: token.Refresh,
		IssuedAt: since, Expires: since.Add(h.JWTRefreshTokenExpiresIn.Duration()),
	}
	out.Refresh, err = sign(keys, refresh)
	return out, err
}

// sign signs with the key that signs when the token says that it was made.
func sign(keys *token.Set, c token.Claims) (string, error) {
	k := keys.Signer(c.IssuedAt)
	if k == nil {
		return "", errors.New("sign a token: no key did when it was made")
	}
	return k.Sign(c)
}

// refreshID is the jti of a refresh token.
func refreshID(sid string, number int64) string { return sid + "." + strconv.FormatInt(number, 10) }

// refreshNumber is the number of a refresh token, by its claims.
func refreshNumber(c *token.Claims) (int64, bool) {
	_, digits, _ := strings.Cut(c.ID, ".")
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, err == nil && n > 0 && c.ID == refreshID(c.Session, n)
}

// verify is what a token of the visit's tenant says, or token.ErrInvalid.
func (s *Service) verify(ctx context.Context, v *Visit, raw string, use token.Use) (*token.Set, token.Claims, error) {
	keys, err := s.keys.Set(ctx, v.Tenant)
	if err != nil {
		return nil, token.Claims{}, err
	}
	want := token.Expected{Issuer: v.Tenant.PublicURL(), Audience: v.Tenant.Audience(), Use: use, Now: v.Now}
	if use == token.Refresh {
		want.Audience = want.Issuer // it is for nobody else
	}
	c, err := keys.Verify(raw, want)
	// Whoever shares a secret with the tenant can write anything.
	if err == nil && (!isID(c.Subject) || !isID(c.Session)) {
		err = fmt.Errorf("%w: sub or sid is no id", token.ErrInvalid)
	}
	return keys, c, err
}

func isID(s string) bool { return len(s) == len(uuid.UUID{}.String()) && uuid.Validate(s) == nil }

// readShown fills the visit from the session that an access token names. One that is not accepted is nobody's.
func (s *Service) readShown(ctx context.Context, v *Visit) error {
	_, c, err := s.verify(ctx, v, v.Origin.Access, token.Access)
	if errors.Is(err, token.ErrInvalid) {
		return nil
	}
	if err != nil {
		return err
	}
	v.shown = true
	err = s.readOf(ctx, v, c.Subject, c.Session)
	if v.Tenant.Settings.Headless.JWTStatefulValidationEnabled {
		v.lost = false // the token dies with its session, and is then as good as any that is not accepted
	}
	return err
}

// Refresh is new tokens for a refresh token. Whatever is wrong with one is answered alike.
func (s *Service) Refresh(ctx context.Context, v *Visit, raw string) (Tokens, error) {
	var f refusal.Faults
	shown := trim(raw)
	if !textFaults(&f, "refresh_token", shown, true) {
		return Tokens{}, f.Err()
	}
	if !TokensOffered(v.Tenant) {
		return Tokens{}, refusal.Of(refusal.Invalid)
	}
	keys, c, err := s.verify(ctx, v, shown, token.Refresh)
	number, ok := refreshNumber(&c)
	switch {
	case errors.Is(err, token.ErrInvalid):
		return Tokens{}, fmt.Errorf("%w: %w", refusal.Of(refusal.Invalid), err)
	case err != nil:
		return Tokens{}, err
	case !ok:
		return Tokens{}, refusal.Of(refusal.Invalid)
	}
	h := &v.Tenant.Settings.Headless
	if h.JWTRotateRefreshToken {
		r, err := s.rotateRefresh(ctx, v, &c, number)
		if err == nil {
			return v.tokens(keys, &r.User, c.Session, r.Number, r.RefreshedAt)
		}
		if !errors.Is(err, store.ErrNotFound) {
			return Tokens{}, err
		}
	}
	r, err := s.store.For(v.Tenant).Refreshing(ctx, c.Subject, c.Session, v.Now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Tokens{}, fmt.Errorf("%w: its session has ended", refusal.Of(refusal.Invalid))
	case err != nil:
		return Tokens{}, err
	case r.Number == number && h.JWTRotateRefreshToken:
		return Tokens{}, refusal.Of(refusal.Invalid) // it was not good a moment ago
	case r.Number == number:
		if err := s.touchRefreshed(ctx, v, &c, r); err != nil {
			return Tokens{}, err
		}
		return v.tokens(keys, &r.User, c.Session, 0, r.RefreshedAt)
	case r.Number == number+1 && v.Now.Sub(r.RefreshedAt) < h.JWTRefreshGracePeriod.Duration():
		return v.tokens(keys, &r.User, c.Session, r.Number, r.RefreshedAt)
	default:
		return Tokens{}, s.endFamily(ctx, v, &c, number, r)
	}
}

// rotateRefresh counts the number up, or is store.ErrNotFound.
func (s *Service) rotateRefresh(ctx context.Context, v *Visit, c *token.Claims, number int64) (r *store.Refreshing, err error) {
	x := &store.Session{
		ID: c.Session, UserID: c.Subject, RefreshNumber: number, SeenAt: v.Now, ExpiresAt: v.Now.Add(v.sessionAge()),
		IP: v.address(), UserAgent: v.Origin.UserAgent,
	}
	tracks := v.Tenant.Settings.UserSessions.TrackActivity
	err = s.store.For(v.Tenant).One(func(tx *store.Tx) error {
		r, err = tx.RotateRefresh(ctx, x, tracks)
		return err
	})
	return r, err
}

// touchRefreshed keeps the session of a refresh token that stays good from expiring, as any other use does.
func (s *Service) touchRefreshed(ctx context.Context, v *Visit, c *token.Claims, r *store.Refreshing) error {
	of := *v
	of.session = &store.Session{ID: c.Session, SeenAt: r.SeenAt, ExpiresAt: r.ExpiresAt}
	return s.touch(ctx, &of)
}

// endFamily ends the session of a refresh token that was used twice, and says so. It is refused only once that is written: a thief
// must not be told off and left in.
func (s *Service) endFamily(ctx context.Context, v *Visit, c *token.Claims, number int64, r *store.Refreshing) error {
	reused := v.noteOf(store.RefreshTokenReused, c.Subject, map[string]any{"shown": number, "good": r.Number, "rotated_at": r.RefreshedAt})
	reused.SessionID = c.Session
	events, err := eventsOf([]note{reused})
	if err != nil {
		return err
	}
	err = s.store.For(v.Tenant).Do(ctx, func(tx *store.Tx) error {
		if err := tx.DropSessionOf(ctx, c.Subject, c.Session); err != nil {
			return err
		}
		return tx.AddEvents(ctx, events...)
	})
	if err != nil {
		return err
	}
	s.log.LogAttrs(ctx, slog.LevelWarn, "a refresh token was used twice; its session was ended", slog.String("tenant", v.Tenant.Slug),
		slog.String("user_id", c.Subject), slog.String("session_id", c.Session), slog.Int64("shown", number), slog.Int64("good", r.Number),
		slog.String("ip", v.address()))
	return fmt.Errorf("%w: it was used before, and its session was ended", refusal.Of(refusal.Invalid))
}

// PublicKeys is what whoever checks the tenant's tokens needs.
type PublicKeys struct {
	Document   []byte   // a JWK Set (RFC 7517); it must not be changed
	Algorithms []string // that the tenant's tokens are signed with, or soon will be
}

// PublicKeys are those of a tenant. One without tokens is refused as Missing.
func (s *Service) PublicKeys(ctx context.Context, t *tenants.Tenant) (PublicKeys, error) {
	if !TokensOffered(t) {
		return PublicKeys{}, fmt.Errorf("headless.token_strategy is not jwt: %w", refusal.Of(refusal.Missing))
	}
	keys, err := s.keys.Set(ctx, t)
	if err != nil {
		return PublicKeys{}, err
	}
	out := PublicKeys{Document: keys.Document()}
	for _, alg := range keys.Algorithms() {
		out.Algorithms = append(out.Algorithms, string(alg))
	}
	return out, nil
}
