package httpd

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// idleTenant is how long a tenant goes without a request until another may have its slot.
const idleTenant = time.Hour

// slots are the label values of tenants: one for each of so many tenants, and "other" for the rest. Who comes first gets
// one. Once all are taken, a tenant that comes gets the slot of the one that was idle the longest, if that was for an
// hour; what was counted of it is forgotten then, so that the bound holds for time series as well.
type slots struct {
	most   int
	forget func(tenant string)

	mu   sync.RWMutex // held for reading as long as a label is in use: nobody counts what was forgotten
	held map[string]*slot
	full time.Time // until then no slot can be had
}

type slot struct {
	tenant string       // a copy, so that no longer string is held for its sake
	used   atomic.Int64 // when it was last asked for, Unix nanoseconds
}

// hold is the label value of a tenant; "" is "none". It is the tenant's until release, which must follow.
func (s *slots) hold(tenant string, now time.Time) (label string) {
	s.mu.RLock()
	label, known := s.label(tenant, now)
	if known {
		return label
	}
	s.mu.RUnlock()
	s.give(tenant, now)
	s.mu.RLock()
	label, _ = s.label(tenant, now)
	return label
}

func (s *slots) release() { s.mu.RUnlock() }

// label is the label value of a tenant as things are, and whether there is no way to a better one.
func (s *slots) label(tenant string, now time.Time) (label string, known bool) {
	if tenant == "" {
		return none, true
	}
	if own, ok := s.held[tenant]; ok {
		own.used.Store(now.UnixNano())
		return own.tenant, true
	}
	return other, s.most < 1 || tenant == other || now.Before(s.full)
}

// give gives a tenant a slot if one can be had, and notes until when none can if not. Looking for one takes a look at
// all; that note keeps tenants without a slot from doing so at every request.
func (s *slots) give(tenant string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.label(tenant, now); known {
		return // another request was faster
	}
	if len(s.held) >= s.most {
		idle := s.longestIdle()
		if free := time.Unix(0, idle.used.Load()).Add(idleTenant); now.Before(free) {
			s.full = free // any other slot was used later, and using one only moves its time on
			return
		}
		delete(s.held, idle.tenant)
		s.forget(idle.tenant)
	}
	own := &slot{tenant: strings.Clone(tenant)}
	own.used.Store(now.UnixNano())
	s.held[own.tenant] = own
}

// longestIdle is the slot that was asked for the longest time ago. There is one.
func (s *slots) longestIdle() *slot {
	var found *slot
	for _, one := range s.held {
		if found == nil || one.used.Load() < found.used.Load() {
			found = one
		}
	}
	return found
}
