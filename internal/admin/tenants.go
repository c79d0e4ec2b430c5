package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/vestibule-auth/vestibule/internal/hostname"
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
	doc, settings, err := s.newConfig(ctx, by, in, &f)
	if err := f.config(err); err != nil {
		return nil, fmt.Errorf("check tenant: %w", err)
	}
	rec := &store.TenantRecord{Slug: in.Slug, Name: in.Name, State: tenants.Active, Hosts: in.Hosts, Document: doc, Note: in.Note}
	details := map[string]any{}
	if in.Template != "" {
		details["template"] = in.Template
	}
	if _, err := s.create(ctx, by, rec, &settings, f, details, false); err != nil {
		return nil, err
	}
	return viewOf(rec)
}

// create checks a new tenant, whose configuration was read already, and writes it unless this is a rehearsal. f is what is known to be wrong.
// It returns what the tenant has that one without anything has not.
func (s *Service) create(ctx context.Context, by Actor, rec *store.TenantRecord, settings *tenants.Settings, f faults, details map[string]any,
	rehearsal bool,
) ([]tenants.Change, error) {
	f.slug(rec.Slug)
	if rec.Slug == SystemSlug && !f.has("slug") {
		f.add("slug", "is that of the operators' own tenant")
	}
	f.name(rec.Name)
	f.note(rec.Note)
	rec.Hosts = f.hosts(rec.Hosts, s.shared)
	if err := errors.Join(s.checkTemplates(&f, settings), f.fit(settings, rec.Hosts)); err != nil {
		return nil, fmt.Errorf("check tenant: %w", err)
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	rec.ID, rec.CreatedAt = secret.NewID(), s.clock.Now()
	changes, err := changesOf(&store.TenantRecord{Document: []byte("{}")}, rec)
	if err != nil {
		return nil, err
	}
	if rehearsal {
		return changes, s.free(ctx, rec)
	}
	addChanges(details, changes)
	e, err := s.event(by, store.TenantCreated, "tenant/"+rec.Slug, details)
	if err != nil {
		return nil, err
	}
	defer s.forget(rec)
	if err := s.store.AddTenant(ctx, rec, e); err != nil {
		return nil, notSaved("create tenant", err, rec.Hosts)
	}
	s.changed(ctx, by, e.Action, rec)
	return changes, nil
}

// newConfig is the configuration of a new tenant: its own, or another tenant's with changes.
func (s *Service) newConfig(ctx context.Context, by Actor, in CreateInput, f *faults) ([]byte, tenants.Settings, error) {
	if in.Template == "" {
		return tenants.ParseNew(in.Config)
	}
	like, err := s.record(ctx, in.Template)
	if err != nil && !refusal.Is(err, refusal.Missing) {
		return nil, tenants.Defaults(), err
	}
	// Whoever copies a tenant's secrets can have them sent to servers of their own.
	needed := TenantsRead
	if in.TemplateSecrets {
		needed = TenantsChange
	}
	switch {
	case err != nil, !by.May(needed, like.ID):
		f.add("template", "is no tenant that you may copy")
	case like.Unreadable != nil:
		f.add("template", "cannot be copied: "+unreadable)
	default:
		return tenants.ParseTemplate(like.Document, like.Hosts, in.Config, in.TemplateSecrets)
	}
	return tenants.ParseNew(in.Config)
}

// free reports whether nobody else has a tenant's slug and hosts.
func (s *Service) free(ctx context.Context, rec *store.TenantRecord) error {
	other, err := s.store.TenantRecordBySlug(ctx, rec.Slug)
	switch {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return failed("read tenant", err)
	case other.ID != rec.ID:
		return notSaved("look at the slug", &store.TakenError{What: "slug", Value: rec.Slug}, nil)
	}
	for _, host := range rec.Hosts {
		id, err := s.store.HostTenant(ctx, host)
		if err != nil {
			return failed("look at the hosts", err)
		}
		if id != "" && id != rec.ID {
			return notSaved("look at the hosts", &store.TakenError{What: "host", Value: host}, rec.Hosts)
		}
	}
	return nil
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

// Versions are those that a change is meant for; nil is any.
type Versions []int64

func (v Versions) allow(version int64) bool { return v == nil || slices.Contains(v, version) }

// PatchTenant applies a merge patch of name, hosts, state and config. A config is judged as a whole, as it is after the
// change; what the patch leaves alone is not judged again, nor are its secrets needed, so that a tenant can be suspended
// whatever its configuration, and under whatever key. A patch that changes nothing makes no new version.
func (s *Service) PatchTenant(ctx context.Context, by Actor, slug string, meant Versions, doc json.RawMessage) (*Tenant, error) {
	var f faults
	p := f.patch(doc)
	done, err := s.change(ctx, by, slug, act{what: store.TenantChanged, meant: meant}, func(rec *store.TenantRecord) error {
		return s.apply(p, rec, slices.Clone(f))
	})
	if err != nil {
		return nil, err
	}
	return viewOf(done.rec)
}

// SuspendTenant has every request to a tenant refused, until ResumeTenant. Both read a JSON object that may have a note.
func (s *Service) SuspendTenant(ctx context.Context, by Actor, slug string, meant Versions, doc json.RawMessage) (*Tenant, error) {
	return s.setState(ctx, by, slug, meant, doc, tenants.Suspended)
}

// ResumeTenant has a suspended tenant served again.
func (s *Service) ResumeTenant(ctx context.Context, by Actor, slug string, meant Versions, doc json.RawMessage) (*Tenant, error) {
	return s.setState(ctx, by, slug, meant, doc, tenants.Active)
}

func (s *Service) setState(ctx context.Context, by Actor, slug string, meant Versions, doc json.RawMessage, state tenants.State,
) (*Tenant, error) {
	var f faults
	note := f.noteIn(f.members(doc, []string{"note"}))
	done, err := s.change(ctx, by, slug, act{what: store.TenantChanged, meant: meant}, func(rec *store.TenantRecord) error {
		rec.State, rec.Note = state, note
		return f.err()
	})
	if err != nil {
		return nil, err
	}
	return viewOf(done.rec)
}

// AddHost gives a tenant another host: the last one or, if the document says "first", the public one. It reads a JSON object with host
// and may have first and note. A host that the tenant has already stays, or becomes the first one.
func (s *Service) AddHost(ctx context.Context, by Actor, slug string, meant Versions, doc json.RawMessage) (*Tenant, error) {
	var f faults
	given := f.members(doc, []string{"host", "first", "note"})
	note, host, first := f.noteIn(given), "", false
	if raw, ok := given["host"]; ok {
		host = f.text("host", raw)
	} else {
		f.add("host", "is needed")
	}
	if raw, ok := given["first"]; ok && json.Unmarshal(raw, &first) != nil {
		f.add("first", "must be true or false")
	}
	if normal, ok := hostname.Bare(host); ok {
		host = normal
	} else if !f.has("host") {
		f.add("host", "must be a host, without scheme and port")
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	return s.changeHosts(ctx, by, slug, meant, note, host, func(hosts []string) []string {
		if slices.Contains(hosts, host) && !first {
			return hosts
		}
		others := slices.DeleteFunc(slices.Clone(hosts), func(h string) bool { return h == host })
		if first {
			return append([]string{host}, others...)
		}
		return append(others, host)
	})
}

// RemoveHost takes a host from a tenant.
func (s *Service) RemoveHost(ctx context.Context, by Actor, slug string, meant Versions, host string) (*Tenant, error) {
	if normal, ok := hostname.Bare(host); ok {
		host = normal
	}
	rec, err := s.record(ctx, slug)
	if err == nil && !slices.Contains(rec.Hosts, host) {
		err = refusal.Of(refusal.Missing)
	}
	if err != nil {
		return nil, err
	}
	return s.changeHosts(ctx, by, slug, meant, "", host, func(hosts []string) []string {
		return slices.DeleteFunc(slices.Clone(hosts), func(h string) bool { return h == host })
	})
}

// changeHosts is a patch of the hosts, made of those that there are. What is wrong with the one that was given is told of it, and not of
// its place among the others.
func (s *Service) changeHosts(ctx context.Context, by Actor, slug string, meant Versions, note, host string,
	change func([]string) []string,
) (*Tenant, error) {
	place := -1
	done, err := s.change(ctx, by, slug, act{what: store.TenantChanged, meant: meant}, func(rec *store.TenantRecord) error {
		hosts := change(rec.Hosts)
		place = slices.Index(hosts, host)
		return s.apply(patch{hosts: &hosts, note: note}, rec, nil)
	})
	at := fmt.Sprintf("hosts[%d]", place)
	var taken *Taken
	var bad *Invalid
	switch {
	case errors.As(err, &taken) && taken.Fault.Path == at:
		return nil, &Taken{Fault{Path: "host", Message: taken.Fault.Message}}
	case errors.As(err, &bad):
		for i, fault := range bad.Faults {
			if fault.Path == at {
				bad.Faults[i].Path = "host"
			}
		}
	}
	if err != nil {
		return nil, err
	}
	return viewOf(done.rec)
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
	f.note(p.note)
	rec.Note = p.note
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

// act is a change as the one who makes it means it.
type act struct {
	what      store.Action
	meant     Versions       // of the tenant
	details   map[string]any // for the event, besides what was changed
	rehearsal bool           // nothing is to be written
}

// done is what became of a change.
type done struct {
	rec     *store.TenantRecord
	changes []tenants.Change // none: nothing was written
}

// change reads a tenant, has apply change it, and saves it. If somebody else saved it in between, and the change is meant
// for any version, it is made once more on what they left.
func (s *Service) change(ctx context.Context, by Actor, slug string, a act, apply func(*store.TenantRecord) error) (done, error) {
	once := func() (done, error) {
		rec, err := s.record(ctx, slug)
		if err != nil {
			return done{}, err
		}
		return s.changeRecord(ctx, by, rec, a, apply)
	}
	d, err := once()
	if errors.Is(err, ErrStale) && a.meant == nil {
		d, err = once()
	}
	return d, err
}

// changeRecord is change for a record that was read already.
func (s *Service) changeRecord(ctx context.Context, by Actor, rec *store.TenantRecord, a act, apply func(*store.TenantRecord) error,
) (done, error) {
	if !a.meant.allow(rec.Version) {
		return done{}, ErrStale
	}
	before := *rec
	if err := apply(rec); err != nil {
		return done{}, err
	}
	changes, err := changesOf(&before, rec)
	if err != nil {
		return done{}, err
	}
	if len(changes) == 0 && bytes.Equal(rec.Document, before.Document) {
		return done{rec: rec}, nil
	}
	if err := s.allowed(by, &before, rec); err != nil {
		return done{}, err
	}
	if a.rehearsal {
		return done{rec: &before, changes: changes}, s.free(ctx, rec)
	}
	details := maps.Clone(a.details)
	if details == nil {
		details = map[string]any{}
	}
	addChanges(details, changes)
	rec.UpdatedAt = s.clock.Now()
	e, err := s.event(by, actionOf(a.what, &before, rec), "tenant/"+rec.Slug, details)
	if err != nil {
		return done{}, err
	}
	save := s.store.SaveTenant
	if before.State == tenants.Deleted {
		save = s.store.RestoreTenant
	}
	defer s.forget(rec)
	if err := save(ctx, rec, e); err != nil {
		return done{}, notSaved("save tenant", err, rec.Hosts)
	}
	s.changed(ctx, by, e.Action, rec)
	return done{rec: rec, changes: changes}, nil
}

// allowed refuses what takes more than the permission to change a tenant, and what cannot be done to the operators' own.
func (s *Service) allowed(by Actor, before, after *store.TenantRecord) error {
	switched := before.State != after.State
	if before.ID == SystemID {
		var f faults
		if switched {
			f.add("state", "cannot be changed: nobody could sign in to change it back")
		}
		if !slices.Equal(before.Hosts, after.Hosts) {
			f.add("hosts", "cannot be given to the operators' own tenant")
		}
		return f.err()
	}
	if !by.May(TenantsDelete, after.ID) && forgetsSooner(before.Document, after.Document) {
		return &refusal.Refusal{Kind: refusal.Forbidden, Details: []refusal.Detail{{
			Message: "takes the permission " + string(TenantsDelete) + " to make it less: events would be removed",
			Code:    refusal.Malformed, Param: "config.audit.retention_days",
		}}}
	}
	living := before.State != tenants.Deleted && after.State != tenants.Deleted
	if switched && living && !by.May(TenantsSuspend, after.ID) {
		return &refusal.Refusal{Kind: refusal.Forbidden, Details: []refusal.Detail{{
			Message: "takes the permission " + string(TenantsSuspend), Code: refusal.Malformed, Param: "state",
		}}}
	}
	return nil
}

// forgetsSooner reports whether events that would be kept by the settings before are removed by those after.
func forgetsSooner(before, after []byte) bool {
	was, err := tenants.Decode(before)
	is, wrong := tenants.Decode(after)
	if err != nil || wrong != nil {
		return false // it cannot be read, and so not be changed either
	}
	now, then := is.Audit.RetentionDays, was.Audit.RetentionDays
	return now != 0 && (then == 0 || now < then)
}

// actionOf is what a change is called that was meant as an act: switching a tenant off and on has names of its own, however it came about.
func actionOf(what store.Action, before, after *store.TenantRecord) store.Action {
	switch {
	case what != store.TenantChanged || before.State == after.State:
		return what
	case after.State == tenants.Suspended:
		return store.TenantSuspended
	default:
		return store.TenantResumed
	}
}

// notSaved is why a tenant could not be written, in the terms of what was given.
func notSaved(op string, err error, hosts []string) error {
	var taken *store.TakenError
	switch {
	case errors.Is(err, store.ErrStale):
		return fmt.Errorf("%s: %w: %w", op, ErrStale, err)
	case errors.As(err, &taken) && taken.What == "host":
		path := fmt.Sprintf("hosts[%d]", slices.Index(hosts, taken.Value))
		return &Taken{Fault{Path: path, Message: fmt.Sprintf("%s belongs to another tenant", taken.Value)}}
	case errors.As(err, &taken):
		return &Taken{Fault{Path: "slug", Message: fmt.Sprintf("%s is the slug of another tenant", taken.Value)}}
	default:
		return failed(op, err)
	}
}
