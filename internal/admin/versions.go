package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Version is a tenant as a change left it.
type Version struct {
	Number int64           `json:"version"`
	At     time.Time       `json:"at"`
	Act    string          `json:"action"` // "" for the state before the first change that was kept
	Actor  VersionActor    `json:"actor"`
	Name   string          `json:"name"`
	Hosts  []string        `json:"hosts"`
	State  tenants.State   `json:"state"`
	Note   string          `json:"note"`
	Config json.RawMessage `json:"config,omitempty"` // its secrets masked; in lists there is none
}

// VersionActor is who made a change.
type VersionActor struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

func versionOf(v store.TenantVersion) Version {
	return Version{
		Number: v.Number, At: v.At.UTC(), Act: string(v.Act), Name: v.Name, Hosts: listed(v.Hosts), State: v.State, Note: v.Note,
		Actor: VersionActor{Kind: string(v.Actor.Kind), ID: v.Actor.ID, Name: v.Actor.Name},
	}
}

// isMissing reports whether there is no such row.
func isMissing(err error) bool { return errors.Is(err, store.ErrNotFound) }

// scope reaches a tenant's own rows, which takes none of its keys.
func (s *Service) scope(rec *store.TenantRecord) store.Scope {
	return s.store.For(&tenants.Tenant{ID: rec.ID})
}

// Versions lists up to limit versions of a tenant, at most MaxPage, the latest first; cursors are as those of Tenants. A tenant's first
// version may be missing: of a tenant that was made before versions were kept, what it was before its next change is the first.
func (s *Service) Versions(ctx context.Context, slug, cursor string, limit int) (page []Version, next string, err error) {
	if err := checkLimit(limit); err != nil {
		return nil, "", err
	}
	rec, err := s.record(ctx, slug)
	if err != nil {
		return nil, "", err
	}
	of := list{"tenant versions", rec.ID}
	place, err := s.after(of, cursor)
	if err != nil {
		return nil, "", err
	}
	before := int64(math.MaxInt64)
	if place != "" {
		if before, err = strconv.ParseInt(place, 10, 64); err != nil {
			return nil, "", fmt.Errorf("read a cursor of ours: %w", err)
		}
	}
	all, err := s.scope(rec).TenantVersions(ctx, before, limit+1)
	if err != nil {
		return nil, "", failed("list versions", err)
	}
	if len(all) > limit {
		all = all[:limit]
		next = s.cursor(of, strconv.FormatInt(all[limit-1].Number, 10))
	}
	page = make([]Version, len(all))
	for i, v := range all {
		page[i] = versionOf(v)
	}
	return page, next, nil
}

// Version is one version of a tenant, with its configuration.
func (s *Service) Version(ctx context.Context, slug string, number int64) (*Version, error) {
	rec, err := s.record(ctx, slug)
	if err != nil {
		return nil, err
	}
	v, err := s.version(ctx, rec, number)
	if err != nil {
		return nil, err
	}
	view := versionOf(*v)
	if view.Config, err = tenants.Redact(v.Document); err != nil {
		return nil, fmt.Errorf("mask version %d of tenant %s: %w", number, rec.ID, err)
	}
	return &view, nil
}

func (s *Service) version(ctx context.Context, rec *store.TenantRecord, number int64) (*store.TenantVersion, error) {
	v, err := s.scope(rec).TenantVersion(ctx, number)
	if err == nil {
		err = rec.OpenVersion(v)
	}
	if err != nil {
		return nil, failed("read version", err)
	}
	return v, nil
}

// DiffVersions is what changed from one version of a tenant to another or, if to is 0, to what it is now. A tenant has numbers too that are no
// versions: its keys have changes of their own.
func (s *Service) DiffVersions(ctx context.Context, slug string, from, to int64) ([]tenants.Change, error) {
	now, err := s.record(ctx, slug)
	if err != nil {
		return nil, err
	}
	at := func(number int64) (*store.TenantRecord, error) {
		if number == 0 || number == now.Version {
			return now, nil
		}
		v, err := s.version(ctx, now, number)
		if err != nil {
			return nil, err
		}
		return &store.TenantRecord{ID: now.ID, Slug: now.Slug, Name: v.Name, Hosts: v.Hosts, State: v.State, Document: v.Document}, nil
	}
	before, err := at(from)
	if err != nil {
		return nil, err
	}
	after, err := at(to)
	if err != nil {
		return nil, err
	}
	return changesOf(before, after)
}

// Rollback gives a tenant the name, hosts and configuration that it had in an earlier version, its secrets among them. It is a change like
// any other, judged by today's rules, and makes a version of its own. Whether the tenant is suspended stays as it is. It reads a JSON
// object with version, and may have note.
func (s *Service) Rollback(ctx context.Context, by Actor, slug string, meant Versions, doc json.RawMessage) (*Tenant, error) {
	var f faults
	given := f.members(doc, []string{"version", "note"})
	note := f.noteIn(given)
	var number *int64
	if raw, ok := given["version"]; ok {
		number = f.version("version", raw)
	} else {
		f.add("version", "is needed")
	}
	a := act{what: store.TenantChanged, meant: meant}
	if number != nil {
		a.details = map[string]any{"rolled_back_to": *number}
	}
	d, err := s.change(ctx, by, slug, a, func(rec *store.TenantRecord) error {
		g := slices.Clone(f)
		if err := g.err(); err != nil {
			return err
		}
		rec.Note = note
		return s.goBack(ctx, rec, *number, g)
	})
	if err != nil {
		return nil, err
	}
	return viewOf(d.rec)
}

// goBack makes of a record what it was in a version.
func (s *Service) goBack(ctx context.Context, rec *store.TenantRecord, number int64, f faults) error {
	if rec.Unreadable != nil {
		f.add("", "is not possible: "+unreadable)
		return f.err()
	}
	v, err := s.version(ctx, rec, number)
	if refusal.Is(err, refusal.Missing) {
		f.add("version", "is none of this tenant's versions")
		return f.err()
	}
	if err != nil {
		return err
	}
	f.name(v.Name)
	rec.Name, rec.Hosts = v.Name, f.hosts(v.Hosts, s.shared)
	settings, err := s.wholeConfig(rec, v.Document, &f)
	if err != nil {
		return err
	}
	if err := f.fit(&settings, rec.Hosts); err != nil {
		return fmt.Errorf("check tenant %s: %w", rec.ID, err)
	}
	return f.err()
}

// wholeConfig gives a record another configuration, unless something is wrong with it.
func (s *Service) wholeConfig(rec *store.TenantRecord, config json.RawMessage, f *faults) (tenants.Settings, error) {
	doc, settings, err := tenants.ParseWhole(rec.Document, config)
	if err == nil {
		rec.Document = doc
	}
	if err := errors.Join(f.config(err), s.checkTemplates(f, &settings)); err != nil {
		return settings, fmt.Errorf("check tenant %s: %w", rec.ID, err)
	}
	return settings, nil
}
