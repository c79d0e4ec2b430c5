package admin

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Applied is what became of a document that a tenant was to be like.
type Applied struct {
	Outcome Outcome          `json:"outcome"`
	DryRun  bool             `json:"dry_run"` // nothing was written: this is what would have been
	Changes []tenants.Change `json:"changes"`
	Tenant  *Tenant          `json:"tenant"` // as it is; null where there is none
}

// Outcome is what became of it in a word.
type Outcome string

// The outcomes.
const (
	TenantWasCreated   Outcome = "created"
	TenantWasChanged   Outcome = "changed"
	TenantWasUnchanged Outcome = "unchanged"
)

// ErrOtherVersion says that the tenant has not the version that the document names. It is ErrStale.
var ErrOtherVersion = errors.New("admin: the document is meant for another version")

// Document is a tenant as ApplyTenant takes it. The secrets in it are masked, which means as they are.
type Document struct {
	Slug   string          `json:"slug"`
	Name   string          `json:"name"`
	Hosts  []string        `json:"hosts"`
	State  tenants.State   `json:"state"`
	Config json.RawMessage `json:"config"`
}

// Document is the one document that the tenant can be made of again.
func (t *Tenant) Document() Document {
	return Document{Slug: t.Slug, Name: t.Name, Hosts: t.Hosts, State: t.State, Config: t.Config}
}

// ApplyTenant makes a tenant what a document says: a JSON object with name, hosts, state, config, note, slug and version. The tenant is made
// if there is none of that slug. What is left out of the configuration is at its default afterwards, hosts that are left out are lost, and
// a state that is left out stays. A secret that is masked stays too. Who applies the same document again changes nothing, and makes no version. A
// rehearsal writes nothing.
func (s *Service) ApplyTenant(ctx context.Context, by Actor, slug string, meant Versions, doc json.RawMessage, rehearsal bool) (*Applied, error) {
	var f faults
	w := f.whole(doc)
	if w.slug != "" && w.slug != slug && !f.has("slug") {
		f.add("slug", "is not that of the tenant which it is sent to")
	}
	applied, err := s.applyWhole(ctx, by, slug, meant, w, f, rehearsal)
	if errors.Is(err, errMadeMeanwhile) {
		applied, err = s.applyWhole(ctx, by, slug, meant, w, f, rehearsal)
	}
	return applied, err
}

// errMadeMeanwhile says that somebody made the tenant that was to be made.
var errMadeMeanwhile = errors.New("admin: somebody made it meanwhile")

func (s *Service) applyWhole(ctx context.Context, by Actor, slug string, meant Versions, w whole, f faults, rehearsal bool) (*Applied, error) {
	_, err := s.record(ctx, slug)
	if refusal.Is(err, refusal.Missing) {
		return s.createWhole(ctx, by, slug, meant, w, slices.Clone(f), rehearsal)
	}
	if err != nil {
		return nil, err
	}
	d, err := s.change(ctx, by, slug, act{what: store.TenantChanged, meant: meant, rehearsal: rehearsal}, func(rec *store.TenantRecord) error {
		if w.version != nil && *w.version != rec.Version {
			return errors.Join(ErrOtherVersion, ErrStale)
		}
		return s.replace(w, rec, slices.Clone(f))
	})
	if err != nil {
		return nil, err
	}
	out := &Applied{Outcome: TenantWasChanged, DryRun: rehearsal, Changes: d.changes}
	if len(d.changes) == 0 {
		out.Outcome, out.Changes = TenantWasUnchanged, []tenants.Change{}
	}
	out.Tenant, err = viewOf(d.rec)
	return out, err
}

// createWhole makes the tenant, which takes more than to change one.
func (s *Service) createWhole(ctx context.Context, by Actor, slug string, meant Versions, w whole, f faults, rehearsal bool) (*Applied, error) {
	if err := s.Admit(by, TenantsCreate); err != nil {
		return nil, err
	}
	switch {
	case meant != nil:
		return nil, ErrStale
	case w.version != nil:
		return nil, errors.Join(ErrOtherVersion, ErrStale)
	}
	rec := &store.TenantRecord{Slug: slug, Name: w.name, State: tenants.Active, Hosts: w.hosts, Note: w.note, Document: []byte("{}")}
	if w.state != nil {
		rec.State = *w.state
	}
	settings, err := s.wholeConfig(rec, w.config, &f)
	if err != nil {
		return nil, err
	}
	changes, err := s.create(ctx, by, rec, &settings, f, map[string]any{}, rehearsal)
	var taken *Taken
	if errors.As(err, &taken) && taken.Fault.Path == "slug" {
		return nil, errors.Join(errMadeMeanwhile, err)
	}
	if err != nil {
		return nil, err
	}
	out := &Applied{Outcome: TenantWasCreated, DryRun: rehearsal, Changes: changes}
	if !rehearsal {
		out.Tenant, err = viewOf(rec)
	}
	return out, err
}

// replace makes a record what a document says, unless something is wrong with it: f is what is known to be.
func (s *Service) replace(w whole, rec *store.TenantRecord, f faults) error {
	f.name(w.name)
	rec.Name, rec.Hosts, rec.Note = w.name, f.hosts(w.hosts, s.shared), w.note
	if w.state != nil {
		rec.State = *w.state
	}
	if rec.Unreadable != nil {
		f.add("config", "cannot be changed: "+unreadable)
		return f.err()
	}
	settings, err := s.wholeConfig(rec, w.config, &f)
	if err != nil {
		return err
	}
	if err := f.fit(&settings, rec.Hosts); err != nil {
		return err
	}
	return f.err()
}

// ValidateTenant says what a change of a tenant would do, or everything that is wrong with it, and writes nothing. The change is a merge
// patch as PatchTenant takes it or, with whole, a document as ApplyTenant does.
func (s *Service) ValidateTenant(ctx context.Context, by Actor, slug string, doc json.RawMessage, whole bool) (*Applied, error) {
	if whole {
		return s.ApplyTenant(ctx, by, slug, nil, doc, true)
	}
	var f faults
	p := f.patch(doc)
	d, err := s.change(ctx, by, slug, act{what: store.TenantChanged, rehearsal: true}, func(rec *store.TenantRecord) error {
		return s.apply(p, rec, slices.Clone(f))
	})
	if err != nil {
		return nil, err
	}
	out := &Applied{Outcome: TenantWasChanged, DryRun: true, Changes: d.changes}
	if len(d.changes) == 0 {
		out.Outcome, out.Changes = TenantWasUnchanged, []tenants.Change{}
	}
	out.Tenant, err = viewOf(d.rec)
	return out, err
}
