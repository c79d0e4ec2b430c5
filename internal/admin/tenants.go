package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Tenant is a tenant as operators see it.
type Tenant struct {
	ID        string          `json:"id"`
	Slug      string          `json:"slug"`
	Name      string          `json:"name"`
	Hosts     []string        `json:"hosts"`
	State     tenants.State   `json:"state"`
	PublicURL string          `json:"public_url"`
	Config    json.RawMessage `json:"config"` // sparse, its secrets masked
	Version   int64           `json:"version"`
	CreatedAt time.Time       `json:"created_at"`
	UpdatedAt time.Time       `json:"updated_at"`
	Error     string          `json:"error,omitempty"` // why the tenant cannot be served; "" where it can
}

// unreadable is what is said of a tenant whose secrets were sealed under a key that the server does not have.
const unreadable = "its secrets cannot be opened with the server's keys"

// unknown is what is said of a tenant whose settings this version of the server does not know, as after going back to an older one.
const unknown = "this version of the server cannot read its settings: "

// viewOf is the view of a record. One tenant that cannot be served does not keep an operator from seeing the others.
func viewOf(rec *store.TenantRecord) (*Tenant, error) {
	config, err := tenants.Redact(rec.Document)
	if err != nil {
		return nil, fmt.Errorf("mask the settings of tenant %s: %w", rec.ID, err)
	}
	settings, wrong := tenants.Decode(rec.Document)
	t := tenants.Tenant{Slug: rec.Slug, Hosts: rec.Hosts, Settings: settings}
	hosts := rec.Hosts
	if hosts == nil {
		hosts = []string{}
	}
	view := &Tenant{
		ID: rec.ID, Slug: rec.Slug, Name: rec.Name, Hosts: hosts, State: rec.State, PublicURL: t.PublicURL(), Config: config,
		Version: rec.Version, CreatedAt: rec.CreatedAt.UTC(), UpdatedAt: rec.UpdatedAt.UTC(),
	}
	switch {
	case rec.Unreadable != nil:
		view.Error = unreadable
	case wrong != nil:
		view.Error = unknown + wrong.Error()
	}
	return view, nil
}

// CreateTenant makes a tenant, active from now on.
func (s *Service) CreateTenant(ctx context.Context, by Actor, in CreateInput) (*Tenant, error) {
	f := slices.Clone(in.faults)
	f.slug(in.Slug)
	f.name(in.Name)
	hosts := f.hosts(in.Hosts, s.shared)
	doc, settings, err := tenants.ParseNew(in.Config)
	if err := errors.Join(f.config(err), s.checkTemplates(&f, &settings), f.fit(&settings, hosts)); err != nil {
		return nil, fmt.Errorf("check tenant: %w", err)
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	rec := &store.TenantRecord{
		ID: secret.NewID(), Slug: in.Slug, Name: in.Name, State: tenants.Active, Hosts: hosts, Document: doc, CreatedAt: s.clock.Now(),
	}
	e, err := s.event(by, store.TenantCreated, "tenant/"+rec.Slug, nil)
	if err != nil {
		return nil, err
	}
	defer s.forget(rec)
	if err := s.store.AddTenant(ctx, rec, e); err != nil {
		return nil, notSaved("create tenant", err, hosts)
	}
	s.changed(ctx, by, e.Action, rec)
	return viewOf(rec)
}

// checkTemplates adds what is wrong with the texts of mails to f.
func (s *Service) checkTemplates(f *faults, settings *tenants.Settings) error {
	if s.checkTemplate == nil {
		return nil
	}
	return f.config(settings.ValidateTemplates(func(kind string, t tenants.MailTemplate) []tenants.Fault {
		if err := s.checkTemplate(kind, t); err != nil {
			return templateFaults(kind, err)
		}
		return nil
	}))
}

// Tenant is the tenant of that slug.
func (s *Service) Tenant(ctx context.Context, slug string) (*Tenant, error) {
	rec, err := s.record(ctx, slug)
	if err != nil {
		return nil, err
	}
	return viewOf(rec)
}

// record is the record of that slug. What cannot be a slug is not looked for.
func (s *Service) record(ctx context.Context, slug string) (*store.TenantRecord, error) {
	if !tenants.ValidSlug(slug) {
		return nil, refusal.Of(refusal.Missing)
	}
	rec, err := s.store.TenantRecordBySlug(ctx, slug)
	if err != nil {
		return nil, failed("read tenant", err)
	}
	return rec, nil
}

// Tenants lists up to limit tenants, at most MaxPage, sorted by slug. The first page has the cursor ""; each page comes
// with the cursor of the next one, which is "" after the last.
func (s *Service) Tenants(ctx context.Context, cursor string, limit int) (page []*Tenant, next string, err error) {
	if err := checkLimit(limit); err != nil {
		return nil, "", err
	}
	after, err := s.after(list{"tenants"}, cursor)
	if err != nil {
		return nil, "", err
	}
	records, err := s.store.TenantRecords(ctx, after, limit+1)
	if err != nil {
		return nil, "", failed("list tenants", err)
	}
	if len(records) > limit {
		records = records[:limit]
		next = s.cursor(list{"tenants"}, records[limit-1].Slug)
	}
	page = make([]*Tenant, len(records))
	for i, rec := range records {
		if page[i], err = viewOf(rec); err != nil {
			return nil, "", err
		}
	}
	return page, next, nil
}

// Versions are those that a change is meant for; nil is any.
type Versions []int64

func (v Versions) allow(version int64) bool { return v == nil || slices.Contains(v, version) }

// PatchTenant applies a merge patch of name, hosts, state and config. A config is judged as a whole, as it is after the
// change; what the patch leaves alone is not judged again, nor are its secrets needed, so that a tenant can be suspended
// whatever its configuration, and under whatever key. A patch that changes nothing makes no new version.
func (s *Service) PatchTenant(ctx context.Context, by Actor, slug string, meant Versions, doc json.RawMessage) (*Tenant, error) {
	var f faults
	p := f.patch(doc)
	rec, err := s.change(ctx, by, store.TenantChanged, slug, meant, func(rec *store.TenantRecord) error {
		return s.apply(p, rec, slices.Clone(f))
	})
	if err != nil {
		return nil, err
	}
	return viewOf(rec)
}

// apply changes rec as a patch says, unless something is wrong with it: f is what is known to be.
func (s *Service) apply(p patch, rec *store.TenantRecord, f faults) error {
	if p.name != nil {
		f.name(*p.name)
		rec.Name = *p.name
	}
	if p.state != nil {
		rec.State = *p.state
	}
	if p.hosts != nil {
		rec.Hosts = f.hosts(*p.hosts, s.shared)
	}
	if p.config != nil && rec.Unreadable != nil {
		f.add("config", "cannot be changed: "+unreadable)
		p.config = nil
	}
	if p.config != nil || p.hosts != nil {
		if err := s.applyConfig(p, rec, &f); err != nil {
			return fmt.Errorf("check tenant %s: %w", rec.ID, err)
		}
	}
	return f.err()
}

// applyConfig changes rec's configuration as a patch says, and adds what is wrong with it, or does not fit the hosts, to f.
func (s *Service) applyConfig(p patch, rec *store.TenantRecord, f *faults) error {
	if p.config == nil {
		settings, err := tenants.Decode(rec.Document)
		if err != nil {
			return f.config(err)
		}
		return f.fit(&settings, rec.Hosts)
	}
	doc, settings, err := tenants.ParsePatch(rec.Document, p.config)
	if err == nil {
		rec.Document = doc
	}
	return errors.Join(f.config(err), s.checkTemplates(f, &settings), f.fit(&settings, rec.Hosts))
}

// DeleteTenant deletes a tenant. From now on nothing reaches its people, sessions and tokens; its slug and hosts are free.
func (s *Service) DeleteTenant(ctx context.Context, by Actor, slug string, meant Versions) error {
	_, err := s.change(ctx, by, store.TenantDeleted, slug, meant, func(rec *store.TenantRecord) error {
		rec.State, rec.DeletedAt = tenants.Deleted, s.clock.Now()
		return nil
	})
	return err
}

// change reads a tenant, has apply change it, and saves it. If somebody else saved it in between, and the change is meant
// for any version, it is made once more on what they left.
func (s *Service) change(ctx context.Context, by Actor, act store.Action, slug string, meant Versions, apply func(*store.TenantRecord) error,
) (*store.TenantRecord, error) {
	rec, err := s.changeOnce(ctx, by, act, slug, meant, apply)
	if errors.Is(err, ErrStale) && meant == nil {
		rec, err = s.changeOnce(ctx, by, act, slug, meant, apply)
	}
	return rec, err
}

func (s *Service) changeOnce(ctx context.Context, by Actor, act store.Action, slug string, meant Versions,
	apply func(*store.TenantRecord) error,
) (*store.TenantRecord, error) {
	rec, err := s.record(ctx, slug)
	if err != nil {
		return nil, err
	}
	if !meant.allow(rec.Version) {
		return nil, ErrStale
	}
	before := *rec
	if err := apply(rec); err != nil {
		return nil, err
	}
	if rec.Name == before.Name && rec.State == before.State && slices.Equal(rec.Hosts, before.Hosts) &&
		bytes.Equal(rec.Document, before.Document) {
		return rec, nil
	}
	rec.UpdatedAt = s.clock.Now()
	e, err := s.event(by, act, "tenant/"+rec.Slug, nil)
	if err != nil {
		return nil, err
	}
	defer s.forget(rec)
	if err := s.store.SaveTenant(ctx, rec, e); err != nil {
		return nil, notSaved("save tenant", err, rec.Hosts)
	}
	s.changed(ctx, by, act, rec)
	return rec, nil
}

// notSaved is why a tenant could not be written, in the terms of what was given.
func notSaved(op string, err error, hosts []string) error {
	var taken *store.TakenError
	switch {
	case errors.Is(err, store.ErrStale):
		return fmt.Errorf("%s: %w: %w", op, ErrStale, err)
	case errors.As(err, &taken) && taken.What == "host":
		path := fmt.Sprintf("hosts[%d]", slices.Index(hosts, taken.Value))
		return &Taken{Fault{path, fmt.Sprintf("%s belongs to another tenant", taken.Value)}}
	case errors.As(err, &taken):
		return &Taken{Fault{"slug", fmt.Sprintf("%s is the slug of another tenant", taken.Value)}}
	default:
		return failed(op, err)
	}
}
