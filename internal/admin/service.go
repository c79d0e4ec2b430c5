// Package admin is what operators do. It has a file for each noun: tenants (with their versions, documents, hosts and deletion), users,
// imports, keys, mail and messages, webhooks, the audit log, statistics, the fleet, operators and API tokens, and the connection doctor. What a
// user's account may be changed to is package flows' to say (flows.Desk); what is asked for here is who may ask, and that it is logged.
//
// Who. An Actor has grants: roles with single tenants or with the platform. Admit, AdmitTo and AdmitSomewhere decide, once for each request
// and before anything is done, whether the actor has a Permission; access.go is the one place that knows roles. Every change names its
// Actor and writes its event in its own transaction, with what was there before and after and nothing secret.
//
// Shapes. Views are what the wire shows; secrets are masked (tenants.Mask) or left out. Input is read from JSON objects that may have no
// member that is not known. A change to a tenant is a JSON merge patch (RFC 7396) of "name", "hosts", "state" and "config", or a whole
// document of these that takes the place of what there was. Lists come in pages of up to MaxPage, with cursors that are signed for that
// list alone.
//
// Versions. A tenant has a version, which rises with every change and is never that of another tenant. A change may say which
// versions it was meant for; one that does not is applied to whatever is there. What each change left is kept, to be looked at, compared
// and gone back to. Deleting frees the slug and the hosts but keeps the row: the id, and the keys that were made for it, are never used
// again, so that nothing that was left behind can belong to a later tenant of the same slug. For Grace a deleted tenant can come back; then
// it is purged, its key first.
//
// Errors. Invalid has everything that is wrong with the input, at once, and nothing was changed; Taken and InUse say what belongs to
// others; a refusal of the kind Conflict says what else stands in the way; ErrStale says that the tenant has another version than the change was meant for, or kept changing meanwhile; ErrWeak that an
// operator has shown one factor alone. What is not there or not allowed, a cursor or limit that is no good, and a database that cannot be
// reached are refusals (Missing, Forbidden, Invalid, Busy). Anything else is a fault of the server.
package admin

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/audit"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/hostname"
	"github.com/vestibule-auth/vestibule/internal/keyring"
	"github.com/vestibule-auth/vestibule/internal/limit"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Options are what a Service works with. Store and Keys are needed.
type Options struct {
	Store     *store.Store
	Directory *tenants.Directory // told of every change; nil where this process serves no tenants
	Flows     *flows.Service     // by whose rules users are changed; needed for that
	Keyring   *keyring.Keyring   // the one that this process signs with, if it does
	Audit     *audit.Keeper      // the one that this process chains the log with, if it does
	Clock     clock.Clock        // the machine's, unless given
	Keys      *secret.Keys       // the server's; they sign cursors
	Log       *slog.Logger       // nowhere, unless given

	// SharedHosts are those on which the tenant header decides. They belong to no tenant, and none may claim them.
	SharedHosts []string

	// PrivateWebhooks says that webhooks may lead to addresses that are not public.
	PrivateWebhooks bool
	// Doctor is what the process's settings say of how requests are understood, but for SharedHosts; and Watch what the public listener
	// has seen, if there is one.
	Doctor DoctorServer
	Watch  Watch
	// Limiter bounds what operators may set going; in memory, unless given.
	Limiter limit.Limiter
	// TestMail sends a mail the way that a tenant's mail goes, and tells what came of it; nil: none can be sent.
	TestMail func(ctx context.Context, t *tenants.Tenant, to string, now time.Time) *MailTest
	// Providers tries apps at identity providers out; nil: none can be.
	Providers ProviderTester
	// WakeMail, if given, has messages sent that were queued.
	WakeMail func()
	// WakeWebhooks, if given, has those looked after for which something was queued.
	WakeWebhooks func()

	// CheckTemplate refuses a tenant's own texts for a kind of mail that could not be sent; nil: none is refused. It is
	// package post's to say, which this package does not reach. An *Invalid has paths inside the template.
	CheckTemplate func(kind string, t tenants.MailTemplate) error
	// MailKinds and PreviewMail are package post's too. PreviewMail gets what is among the kinds, and is not called where
	// there are none. An *Invalid has paths as the request has them.
	MailKinds   MailKinds
	PreviewMail func(t *tenants.Tenant, in PreviewInput) (*Preview, error)

	// PreviewSignIn is what package headless tells the front ends of a tenant, which this package does not reach; nil: there are none.
	PreviewSignIn func(t *tenants.Tenant) (SignInClients, error)
	// Health runs the process's checks, and tells how each came out, by name: ok, degraded or failed; nil: there are none. Version is what the
	// process was built as, "" if nobody knows.
	Health  func(ctx context.Context) map[string]string
	Version string

	// OnImport is called after an import was started: an Importer's Wake; nil: nobody is told, and it is found in a second.
	OnImport func()
}

// Service is what operators do. It is safe for concurrent use.
type Service struct {
	store     *store.Store
	directory *tenants.Directory
	keyring   *keyring.Keyring
	flows     *flows.Service
	audit     *audit.Keeper
	clock     clock.Clock
	keys      *secret.Keys
	log       *slog.Logger
	shared    []string // normal hosts

	breakGlass      noted // whose use of the emergency token was noted
	privateWebhooks bool
	wakeWebhooks    func()

	doctor   DoctorServer
	watch    Watch
	limiter  limit.Limiter
	testMail func(ctx context.Context, t *tenants.Tenant, to string, now time.Time) *MailTest
	wakeMail func()

	providers ProviderTester

	checkTemplate func(kind string, t tenants.MailTemplate) error
	mailKinds     MailKinds
	previewMail   func(t *tenants.Tenant, in PreviewInput) (*Preview, error)
	previewSignIn func(t *tenants.Tenant) (SignInClients, error)
	onImport      func()

	health func(ctx context.Context) map[string]string
	build  string // what the process was built as
	fleet  fleetMemory
}

// New is a Service with the given options.
func New(o Options) *Service {
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Keyring == nil {
		o.Keyring = keyring.New(keyring.Options{Store: o.Store, Clock: o.Clock, Log: o.Log})
	}
	if o.Audit == nil {
		o.Audit = audit.New(audit.Options{Store: o.Store, Tenants: o.Store.TenantByID, Clock: o.Clock, Log: o.Log})
	}
	s := &Service{
		store: o.Store, directory: o.Directory, keyring: o.Keyring, flows: o.Flows, audit: o.Audit, clock: o.Clock, keys: o.Keys, log: o.Log,
		checkTemplate: o.CheckTemplate, mailKinds: o.MailKinds, previewMail: o.PreviewMail,
		previewSignIn: o.PreviewSignIn, onImport: o.OnImport,
		health: o.Health, build: o.Version, fleet: fleetMemory{turn: make(chan struct{}, 1)},
		privateWebhooks: o.PrivateWebhooks, wakeWebhooks: o.WakeWebhooks,
		doctor: o.Doctor, watch: o.Watch, limiter: o.Limiter, testMail: o.TestMail, wakeMail: o.WakeMail, providers: o.Providers,
	}
	if s.limiter == nil {
		s.limiter = limit.NewMemory(o.Clock, 0)
	}
	for _, wake := range []*func(){&s.wakeWebhooks, &s.wakeMail} {
		if *wake == nil {
			*wake = func() {}
		}
	}
	for _, h := range o.SharedHosts {
		if normal, ok := hostname.Normal(h); ok {
			s.shared = append(s.shared, normal)
		}
	}
	return s
}

// Token recognises an operators' bearer token. It holds the token's digest alone. The zero value recognises none.
type Token struct {
	digest [sha256.Size]byte
	set    bool
}

// NewToken recognises the given token, and nothing if that is empty.
func NewToken(token string) Token {
	if token == "" {
		return Token{}
	}
	return Token{digest: [sha256.Size]byte(secret.Digest(token)), set: true}
}

// Is reports whether the token is the one that t recognises. How long it takes says nothing about how far they agree.
func (t Token) Is(token string) bool {
	same := secret.Equal(t.digest[:], secret.Digest(token))
	return same && t.set
}

// Fault is one thing that is wrong with the input.
type Fault struct {
	Path    string `json:"path"`           // such as slug, hosts[0] or config.account.login_methods[0]; "" is the whole input
	Message string `json:"message"`        // a sentence that goes after the path
	Line    int    `json:"line,omitempty"` // of a document in YAML; 0 where it is not known
}

// String is the line, the path and the message.
func (f Fault) String() string {
	text := f.Message
	if f.Path != "" {
		text = f.Path + ": " + text
	}
	if f.Line > 0 {
		text = fmt.Sprintf("line %d: %s", f.Line, text)
	}
	return text
}

// Invalid is everything that is wrong with the input, sorted by path. No secret is in it.
type Invalid struct{ Faults []Fault }

// Error lists the faults.
func (e *Invalid) Error() string {
	lines := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		lines[i] = f.String()
	}
	return "invalid: " + strings.Join(lines, "; ")
}

// Taken says which part of the input belongs to another tenant.
type Taken struct{ Fault Fault }

// Error is the fault.
func (e *Taken) Error() string { return "taken: " + e.Fault.String() }

// ErrStale says that the tenant has another version than the change was meant for, or that others kept changing it.
var ErrStale = errors.New("admin: changed by someone else")

// faults gathers what is wrong.
type faults []Fault

func (f *faults) add(path, format string, args ...any) {
	*f = append(*f, Fault{Path: path, Message: fmt.Sprintf(format, args...)})
}

// most are the first n faults and, where there are more, one that says so.
func (f faults) most(n int) faults {
	if len(f) <= n {
		return f
	}
	return append(slices.Clone(f[:n]), Fault{Message: fmt.Sprintf("there are more faults than these %d", n)})
}

// config takes over the faults of a configuration, which has its place under config. Hosts stand beside it.
func (f *faults) config(err error) error {
	var bad *tenants.ConfigError
	if !errors.As(err, &bad) {
		return err
	}
	for _, fault := range bad.Faults {
		f.add(inside("config", fault.Path), "%s", fault.Message)
	}
	return nil
}

// inside is the path of something that has a path of its own inside a place.
func inside(place, path string) string {
	switch {
	case path == "":
		return place
	case strings.HasPrefix(path, "["): // a key that needs quoting
		return place + path
	default:
		return place + "." + path
	}
}

// err is the sorted error of what was gathered, or nil.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	slices.SortStableFunc(f, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Message, b.Message))
	})
	return &Invalid{Faults: slices.Compact(f)}
}

// ComeBack is how long whoever meets a database that cannot be reached, or has no time, is told to wait.
const ComeBack = 2 * time.Second

// failed is an error of the store in this package's terms.
func failed(op string, err error) error {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("%s: %w: %w", op, refusal.Of(refusal.Missing), err)
	case errors.Is(err, store.ErrUnavailable):
		return fmt.Errorf("%s: %w: %w", op, refusal.Later(refusal.Busy, ComeBack), err)
	default:
		return fmt.Errorf("%s: %w", op, err)
	}
}

// mostUserAgent is how much of a user agent's name is kept, in bytes.
const mostUserAgent = 200

// readable is the beginning of a header as text: it may hold any bytes, of which PostgreSQL takes only what is UTF-8.
func readable(header string) string {
	return strings.ToValidUTF8(header[:min(len(header), mostUserAgent)], "")
}

// event is the record of an act, to be written in the act's own transaction. What is about a user has its UserID set by the caller;
// details say what was changed, before and after, and hold nothing secret.
func (s *Service) event(by Actor, action store.Action, target string, details map[string]any) (*store.Event, error) {
	e := &store.Event{
		ID: secret.NewID(), At: s.clock.Now(), Action: action, Actor: store.Actor{Kind: by.Kind, ID: by.ID, Name: by.Name}, Target: target,
		IP: by.IP, UserAgent: readable(by.UserAgent), RequestID: by.RequestID,
	}
	if len(details) == 0 {
		return e, nil
	}
	var err error
	if e.Details, err = json.Marshal(details); err != nil {
		return nil, fmt.Errorf("encode the details of %s: %w", action, err)
	}
	return e, nil
}

// changed logs a change.
func (s *Service) changed(ctx context.Context, by Actor, act store.Action, rec *store.TenantRecord) {
	s.log.LogAttrs(ctx, slog.LevelInfo, "tenant changed", slog.String("actor", by.Name), slog.String("act", string(act)),
		slog.String("tenant", rec.Slug), slog.String("tenant_id", rec.ID), slog.Int64("version", rec.Version))
}

// forget has the directory read a tenant anew. It is called whatever became of a write: one whose commit went unanswered
// may have been kept.
func (s *Service) forget(rec *store.TenantRecord) {
	if s.directory != nil {
		s.directory.Invalidate(rec.ID)
	}
}
