package admin

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// TenantSearch says which tenants are listed.
type TenantSearch struct {
	Prefix string        // of the slug, of the name in any case, or of a host; "": any
	State  tenants.State // Active or Suspended; "": any
}

// maxPrefix is the longest prefix that is looked for, in bytes: no host is longer.
const maxPrefix = 253

func (q TenantSearch) check() error {
	switch {
	case q.State != "" && q.State != tenants.Active && q.State != tenants.Suspended:
		return badQuery("state", "must be active or suspended")
	case len(q.Prefix) > maxPrefix, !utf8.ValidString(q.Prefix),
		strings.ContainsFunc(q.Prefix, func(r rune) bool { return !unicode.IsPrint(r) }):
		return badQuery("q", "must be the beginning of a slug, a name or a host")
	}
	return nil
}

// Tenants lists up to limit tenants, at most MaxPage, that the actor may see: sorted by slug or, where a prefix is looked for, those whose
// slug has it first, then those whose name has it, then those with a host that has it. The first page has the cursor ""; each page comes
// with the cursor of the next one, which is "" after the last.
func (s *Service) Tenants(ctx context.Context, by Actor, q TenantSearch, cursor string, limit int) (page []*Tenant, next string, err error) {
	if err := checkLimit(limit); err != nil {
		return nil, "", err
	}
	if err := q.check(); err != nil {
		return nil, "", err
	}
	q.Prefix = strings.ToLower(q.Prefix)
	of := list{"tenants", q.Prefix, string(q.State)}
	place, err := s.after(of, cursor)
	if err != nil {
		return nil, "", err
	}
	var found []inList
	if by.May(TenantsRead, "") {
		found, err = s.search(ctx, by, q, place, limit+1)
	} else {
		found, err = s.granted(ctx, by, q, place, limit+1)
	}
	if err != nil {
		return nil, "", failed("list tenants", err)
	}
	if len(found) > limit {
		found = found[:limit]
		next = s.cursor(of, found[limit-1].place)
	}
	page = make([]*Tenant, len(found))
	for i, one := range found {
		if page[i], err = viewOf(one.rec); err != nil {
			return nil, "", err
		}
	}
	return page, next, nil
}

// inList is a tenant in a list, and its place there: the list's part, and where it stands in that.
type inList struct {
	rec   *store.TenantRecord
	place string
}

// The parts of a list, in their order.
const (
	bySlug = "1"
	byName = "2"
	byHost = "3"
)

// search is a page of all tenants, but for the operators' own where the actor may not see that.
func (s *Service) search(ctx context.Context, by Actor, q TenantSearch, place string, n int) ([]inList, error) {
	filter := store.TenantFilter{Prefix: q.Prefix, State: q.State}
	if !by.May(TenantsRead, SystemID) {
		filter.Without = SystemID
	}
	part, at, _ := strings.Cut(place, " ")
	var all []inList
	add := func(part string, records []*store.TenantRecord, at func(i int) string) {
		for i, rec := range records {
			all = append(all, inList{rec, part + " " + at(i)})
		}
	}
	if part == "" || part == bySlug {
		records, err := s.store.TenantsBySlug(ctx, filter, at, n)
		if err != nil {
			return nil, err
		}
		add(bySlug, records, func(i int) string { return records[i].Slug })
		at = ""
	}
	if q.Prefix == "" { // everybody has a slug
		return all, nil
	}
	if len(all) < n && part <= byName {
		id, name, _ := strings.Cut(at, " ")
		records, keys, err := s.store.TenantsByName(ctx, filter, name, id, n-len(all))
		if err != nil {
			return nil, err
		}
		add(byName, records, func(i int) string { return records[i].ID + " " + keys[i] })
		at = ""
	}
	if len(all) < n {
		records, hosts, err := s.store.TenantsByHost(ctx, filter, at, n-len(all))
		if err != nil {
			return nil, err
		}
		add(byHost, records, func(i int) string { return hosts[i] })
	}
	return all, nil
}

// granted is a page of the tenants that the actor was granted something with: there are few, and they are read one by one.
func (s *Service) granted(ctx context.Context, by Actor, q TenantSearch, place string, n int) ([]inList, error) {
	var all []inList
	ids, _ := by.Tenants(TenantsRead)
	for _, id := range ids {
		rec, err := s.store.TenantRecordByID(ctx, id)
		if isMissing(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if rec.DeletedAt.IsZero() && (q.State == "" || rec.State == q.State) && hasPrefix(rec, q.Prefix) && rec.Slug > place {
			all = append(all, inList{rec, rec.Slug})
		}
	}
	slices.SortFunc(all, func(a, b inList) int { return strings.Compare(a.place, b.place) })
	return all[:min(len(all), n)], nil
}

func hasPrefix(rec *store.TenantRecord, prefix string) bool {
	return strings.HasPrefix(rec.Slug, prefix) || strings.HasPrefix(strings.ToLower(rec.Name), prefix) ||
		slices.ContainsFunc(rec.Hosts, func(h string) bool { return strings.HasPrefix(h, prefix) })
}
