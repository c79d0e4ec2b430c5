package admin

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Grace is how long a deleted tenant can come back. After it, it is purged.
const Grace = 30 * 24 * time.Hour

// settle is how long requests that began before a deletion may still write: no server knows a tenant for longer than tenants.Options.MaxAge,
// and no request lasts longer than minutes.
const settle = 5 * time.Minute

// freshly is for how long after a deletion the sessions of the tenant are looked for. What is left then, nobody needs in a hurry.
const freshly = time.Hour

// purgeBite is how many rows of each table a purge removes at once.
const purgeBite = 500

// DeletedTenant is a tenant that was deleted, and can come back until it is purged.
type DeletedTenant struct {
	ID        string    `json:"id"`
	Slug      string    `json:"slug"` // that it had; another tenant may have it now
	Name      string    `json:"name"`
	Hosts     []string  `json:"hosts"` // likewise
	CreatedAt time.Time `json:"created_at"`
	DeletedAt time.Time `json:"deleted_at"`
	PurgeAt   time.Time `json:"purge_at"`
}

// DeleteTenant deletes a tenant. From now on nothing reaches its people, sessions and tokens; its slug and hosts are free. For Grace it can
// come back.
func (s *Service) DeleteTenant(ctx context.Context, by Actor, slug string, meant Versions) error {
	if slug == SystemSlug {
		return (&faults{{Message: "the operators' own tenant cannot be deleted"}}).err()
	}
	_, err := s.change(ctx, by, slug, act{what: store.TenantDeleted, meant: meant}, func(rec *store.TenantRecord) error {
		rec.State, rec.DeletedAt = tenants.Deleted, s.clock.Now()
		return nil
	})
	return err
}

// DeletedTenants lists up to limit deleted tenants that can come back, the latest deletion first; cursors are as those of Tenants.
func (s *Service) DeletedTenants(ctx context.Context, cursor string, limit int) (page []DeletedTenant, next string, err error) {
	if err := checkLimit(limit); err != nil {
		return nil, "", err
	}
	of := list{"deleted tenants"}
	place, err := s.after(of, cursor)
	if err != nil {
		return nil, "", err
	}
	var at time.Time
	when, id, _ := strings.Cut(place, " ")
	if place != "" {
		if at, err = time.Parse(time.RFC3339Nano, when); err != nil {
			return nil, "", badQuery("cursor", "cannot be read")
		}
	}
	all, err := s.store.DeletedTenants(ctx, at, id, limit+1)
	if err != nil {
		return nil, "", failed("list deleted tenants", err)
	}
	if len(all) > limit {
		all = all[:limit]
		last := all[limit-1]
		next = s.cursor(of, last.DeletedAt.UTC().Format(time.RFC3339Nano)+" "+last.ID)
	}
	page = make([]DeletedTenant, len(all))
	for i, rec := range all {
		page[i] = deletedOf(rec)
	}
	return page, next, nil
}

func deletedOf(rec *store.TenantRecord) DeletedTenant {
	return DeletedTenant{
		ID: rec.ID, Slug: rec.Slug, Name: rec.Name, Hosts: listed(rec.Hosts), CreatedAt: rec.CreatedAt.UTC(), DeletedAt: rec.DeletedAt.UTC(),
		PurgeAt: rec.DeletedAt.Add(Grace).UTC(),
	}
}

// deleted is the deleted tenant with an id. What cannot be an id is not looked for.
func (s *Service) deleted(ctx context.Context, id string) (*store.TenantRecord, error) {
	if !flows.ValidID(id) {
		return nil, refusal.Of(refusal.Missing)
	}
	rec, err := s.store.TenantRecordByID(ctx, id)
	if err != nil {
		return nil, failed("read deleted tenant", err)
	}
	if rec.State != tenants.Deleted {
		return nil, refusal.Of(refusal.Missing)
	}
	return rec, nil
}

// RestoreTenant brings a deleted tenant back, with its people, keys and configuration, and as it was: suspended if it was, or if nobody
// knows. Sessions from before the deletion stay dead. It reads a JSON object that may have slug and hosts, for where others have those
// that it had, and note.
func (s *Service) RestoreTenant(ctx context.Context, by Actor, id string, doc json.RawMessage) (*Tenant, error) {
	var f faults
	given := f.members(doc, []string{"slug", "hosts", "note"})
	note := f.noteIn(given)
	rec, err := s.deleted(ctx, id)
	if err != nil {
		return nil, err
	}
	slug, hosts := rec.Slug, rec.Hosts
	if raw, ok := given["slug"]; ok {
		slug = f.text("slug", raw)
	}
	if raw, ok := given["hosts"]; ok {
		hosts = f.texts("hosts", raw)
	}
	f.slug(slug)
	if slug == SystemSlug {
		f.add("slug", "is that of the operators' own tenant")
	}
	state := tenants.Suspended
	switch v, err := s.scope(rec).LastLivingVersion(ctx); {
	case err == nil:
		state = v.State
	case !isMissing(err):
		return nil, failed("read what the tenant was", err)
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	if err := s.endSessions(ctx, id); err != nil {
		return nil, err
	}
	d, err := s.changeRecord(ctx, by, rec, act{what: store.TenantRestored}, func(rec *store.TenantRecord) error {
		rec.Slug, rec.State, rec.DeletedAt = slug, state, time.Time{}
		p := patch{note: note}
		if _, ok := given["hosts"]; ok {
			p.hosts = &hosts
		}
		return s.apply(p, rec, nil)
	})
	if err != nil {
		return nil, err
	}
	return viewOf(d.rec)
}

// endSessions ends a deleted tenant's sessions in small bites, so that the few that are left can be ended as it comes back.
func (s *Service) endSessions(ctx context.Context, id string) error {
	for {
		n, err := s.store.DropSessionsOfDeleted(ctx, id, purgeBite)
		if err != nil {
			return failed("end the tenant's sessions", err)
		}
		if n == 0 {
			return nil
		}
		if err := ctx.Err(); err != nil { // nothing is lost: whoever asks again goes on from here
			return failed("end the tenant's sessions", errors.Join(store.ErrUnavailable, err))
		}
	}
}

// PurgeTenant removes everything that is held of a deleted tenant, for good. Its key goes first, and with it everything that was sealed or
// signed for it; its rows follow. What there is no time for is left to SweepDeleted.
func (s *Service) PurgeTenant(ctx context.Context, by Actor, id string) error {
	rec, err := s.deleted(ctx, id)
	if err != nil {
		return err
	}
	if err := s.destroy(ctx, by, rec.ID, endOfTime); err != nil {
		return err
	}
	return s.purgeRows(ctx, rec.ID)
}

// destroy destroys the key of a tenant that was deleted before the given time. The event is among those of the operators' own tenant: this one's are about to go.
func (s *Service) destroy(ctx context.Context, by Actor, id string, deletedBefore time.Time) error {
	e, err := s.event(by, store.TenantPurged, "tenant/"+id, nil)
	if err != nil {
		return err
	}
	defer s.forget(&store.TenantRecord{ID: id})
	if err := s.store.DestroyTenant(ctx, id, deletedBefore, s.clock.Now(), SystemID, e); err != nil {
		return failed("destroy the tenant's key", err)
	}
	s.log.LogAttrs(ctx, slog.LevelInfo, "tenant purged", slog.String("actor", by.Name), slog.String("tenant_id", id))
	return nil
}

// purgeRows removes a tenant's rows, for as long as there is time.
func (s *Service) purgeRows(ctx context.Context, id string) error {
	for ctx.Err() == nil {
		n, err := s.store.PurgeRows(ctx, id, purgeBite)
		if err != nil {
			return failed("purge a tenant's rows", err)
		}
		if n > 0 {
			continue
		}
		if left, err := s.store.HasRows(ctx, id); err != nil {
			return failed("look for a tenant's rows", err)
		} else if left {
			continue
		}
		if err := s.store.EndPurge(ctx, id, s.clock.Now().Add(-settle)); err != nil {
			return failed("end a purge", err)
		}
		return nil
	}
	return nil
}

// SweepTenants purges tenants that were deleted longer than Grace ago, goes on with purges that were begun, and ends the sessions of tenants
// that were deleted lately. Any number of servers may do so at once. It returns how many tenants it looked at.
func (s *Service) SweepTenants(ctx context.Context) (int, error) {
	ids, err := s.store.DeletedSince(ctx, s.clock.Now().Add(-freshly), 1000)
	if err != nil {
		return 0, failed("read which tenants were deleted", err)
	}
	for _, id := range ids {
		if err := s.endSessions(ctx, id); err != nil {
			return 0, err
		}
	}
	over := s.clock.Now().Add(-Grace)
	begun, err := s.store.TenantsToPurge(ctx, over, 100)
	if err != nil {
		return 0, failed("read which tenants are to be purged", err)
	}
	for id, has := range begun {
		if !has {
			err := s.destroy(ctx, Actor{Kind: store.ByServer, Name: "sweeper"}, id, over)
			if refusal.Is(err, refusal.Missing) { // another server was faster, or it came back, and was perhaps deleted again
				continue
			}
			if err != nil {
				return 0, err
			}
		}
		if err := s.purgeRows(ctx, id); err != nil {
			return 0, err
		}
	}
	return len(begun), nil
}
