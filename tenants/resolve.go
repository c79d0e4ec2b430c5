package tenants

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/vestibule-auth/vestibule/internal/hostname"
	"github.com/vestibule-auth/vestibule/internal/refusal"
)

// Source is where tenants are kept.
type Source interface {
	// TenantByHost is the tenant that lists a normal host among its Hosts, or ErrUnknown.
	TenantByHost(ctx context.Context, host string) (*Tenant, error)

	// TenantBySlug is the tenant of that slug, or ErrUnknown.
	TenantBySlug(ctx context.Context, slug string) (*Tenant, error)

	// TenantByID is the tenant of that id, or ErrUnknown.
	TenantByID(ctx context.Context, id string) (*Tenant, error)

	// TenantChanges are the ids of the tenants that were made, changed or deleted after since, a position in the order
	// of changes, and the position of the latest change. A change that is visible to the other methods must be at or
	// before the latest position, or come up at a later call. Zero is before every change.
	TenantChanges(ctx context.Context, since int64) (ids []string, latest int64, err error)
}

// ErrUnknown says that there is no such tenant.
var ErrUnknown = errors.New("tenants: no such tenant")

// errTwoNamed refuses a request that names two tenants.
var errTwoNamed = &refusal.Refusal{Kind: refusal.Invalid, Details: []refusal.Detail{{
	Message: "The request names two tenants: the tenant header names another than the host does, or was sent twice. " +
		"Leave the header out, or send the request to a host of the tenant that it names.",
	Code: refusal.Malformed,
}}}

// Resolve is the tenant that a request is for: host is its Host header as it came, headerSlug its tenant header, or "".
//
// A host that belongs to a tenant decides. The header may then repeat that tenant's slug, but a header that names another
// is refused as Invalid: of two selectors that disagree, one was not what its sender meant, and guessing which would let
// a request that one layer judged for one tenant act on another. On Options.SharedHosts, and there alone, the header
// decides. They belong to nobody: a tenant that claims one, from before it was shared, must not take it from all the
// others. Whatever names no tenant is Missing, and so is one that was deleted; a suspended tenant is Forbidden.
//
// The errors say which of these it was, for the log. Any other than a refusal says that the source could not be read.
func (d *Directory) Resolve(ctx context.Context, host, headerSlug string) (*Tenant, error) {
	host, ok := hostname.Normal(host)
	if !ok {
		return nil, fmt.Errorf("the Host header is no host: %w", refusal.Of(refusal.Missing))
	}
	if strings.Contains(headerSlug, ",") { // the header was sent more than once
		return nil, errTwoNamed
	}
	selector := name{byHost, host}
	if _, shared := d.shared[host]; shared {
		if !ValidSlug(headerSlug) {
			return nil, fmt.Errorf("the tenant header, which the shared host %s needs, names no tenant: %w", host, refusal.Of(refusal.Missing))
		}
		selector = name{bySlug, headerSlug}
	}
	t, err := d.find(ctx, selector)
	if err == nil && t.ID == SystemID { // which is served on the operators' listener alone
		err = ErrUnknown
	}
	if err == nil && headerSlug != "" && headerSlug != t.Slug {
		return nil, errTwoNamed
	}
	if errors.Is(err, ErrUnknown) {
		return nil, fmt.Errorf("there is no tenant %s: %w", selector, refusal.Of(refusal.Missing))
	}
	if err != nil {
		return nil, fmt.Errorf("resolve tenant: %w", err)
	}
	switch t.State {
	case Active:
		return t, nil
	case Suspended:
		return nil, fmt.Errorf("tenant %s is suspended: %w", t.Slug, refusal.Of(refusal.Forbidden))
	default:
		return nil, fmt.Errorf("tenant %s is deleted: %w", t.Slug, refusal.Of(refusal.Missing))
	}
}

// ByID is the tenant of that id whatever its state, or ErrUnknown. It is for work that is not a request's, such as
// sending queued mail.
func (d *Directory) ByID(ctx context.Context, id string) (*Tenant, error) {
	t, err := d.find(ctx, name{byID, id})
	if err != nil && !errors.Is(err, ErrUnknown) {
		return nil, fmt.Errorf("tenant by id: %w", err)
	}
	return t, err
}
