package httpd

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/trace"
)

// asked is one request of a tenant.
func (m *Metrics) asked(tenant string) {
	now := m.clock.Now()
	m.request(requestLabels{"/auth/session", "GET", tenant, 200}, now, now, trace.Span{})
}

func requestsOf(tenant string) string {
	return fmt.Sprintf("vestibule_http_requests_total{method=\"GET\",route=\"/auth/session\",status=\"200\",tenant=%q}", tenant)
}

// Whoever is busy is named, however late it came: tenants that were deleted, or that nobody uses, do not keep their names.
func TestIdleTenantsGiveTheirNamesBack(t *testing.T) {
	fake := clock.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	m := NewMetrics(2, fake)
	wants := func(when string, want map[string]string) {
		t.Helper()
		got := scrape(t, m)
		for _, tenant := range []string{"early", "steady", "late", "later", "other"} {
			if got[requestsOf(tenant)] != want[tenant] {
				t.Errorf("%s: %s has %q requests, want %q", when, tenant, got[requestsOf(tenant)], want[tenant])
			}
		}
	}
	m.asked("early")
	m.Login("early", "ok")
	m.Signup("early", "ok")
	m.LimitHit("login", "early")
	m.asked("steady")
	m.asked("late")
	wants("at first", map[string]string{"early": "1", "steady": "1", "other": "1"})

	fake.Advance(idleTenant - time.Second)
	m.asked("steady")
	m.asked("late")
	wants("just before the hour", map[string]string{"early": "1", "steady": "2", "other": "2"})

	fake.Advance(time.Second)
	m.asked("late")
	wants("after the hour", map[string]string{"late": "1", "steady": "2", "other": "2"})
	for series := range scrape(t, m) {
		if strings.Contains(series, "early") {
			t.Errorf("%s is still there", series)
		}
	}
	for l := range m.series {
		if l.tenant == "early" {
			t.Errorf("%v is kept", l)
		}
	}

	m.asked("early")
	m.Login("early", "ok")
	wants("when the idle one comes again", map[string]string{"late": "1", "steady": "2", "other": "3"})
	fake.Advance(2 * idleTenant)
	m.asked("early")
	m.asked("later")
	wants("when all were idle", map[string]string{"early": "1", "later": "1", "other": "3"})
}

// A login that is being answered keeps a name as a request does that is over.
func TestWhateverIsCountedKeepsTheName(t *testing.T) {
	for name, count := range map[string]func(m *Metrics){
		"a request": func(m *Metrics) { m.asked("acme") },
		"a login":   func(m *Metrics) { m.Login("acme", "ok") },
		"a signup":  func(m *Metrics) { m.Signup("acme", "ok") },
		"a factor":  func(m *Metrics) { m.Factor("acme", "ok") },
		"a limit":   func(m *Metrics) { m.LimitHit("login", "acme") },
	} {
		fake := clock.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		m := NewMetrics(1, fake)
		m.asked("acme")
		fake.Advance(idleTenant - time.Minute)
		count(m)
		fake.Advance(idleTenant - time.Minute)
		m.asked("other-tenant")
		if got := scrape(t, m)[requestsOf("other-tenant")]; got != "" {
			t.Errorf("%s: the name was given away", name)
		}
	}
}

// Tenants without a name must not look for one at every request.
func TestNobodyLooksForASlotInVain(t *testing.T) {
	fake := clock.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	m := NewMetrics(1, fake)
	m.asked("acme")
	m.asked("late") // finds out until when there is no use in looking
	fake.Advance(idleTenant - time.Second)
	if _, known := m.tenants.label("late", fake.Now()); !known {
		t.Error("it would look again before the hour is over")
	}
	m.asked("acme")
	fake.Advance(time.Second)
	if _, known := m.tenants.label("late", fake.Now()); known {
		t.Error("it does not look when a slot may be had")
	}
	m.asked("late")
	if _, known := m.tenants.label("late", fake.Now()); !known {
		t.Error("it did not find out that there is none still")
	}
}

func TestWithoutSlotsEveryTenantIsOther(t *testing.T) {
	m := NewMetrics(0, clock.System{})
	m.asked("acme")
	m.asked("other")
	m.asked("")
	got := scrape(t, m)
	if got[requestsOf("other")] != "2" || got[requestsOf("none")] != "1" {
		t.Errorf("counted %v", got)
	}
}

// Names change hands while others count under them. What is counted of a tenant that lost its name in the same moment must
// not bring its series back, or there would be more of them each time.
func TestSlotsAreBoundedWhileTheyChangeHands(t *testing.T) {
	const most, workers, rounds = 3, 8, 2000
	fake := clock.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	m := NewMetrics(most, fake)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range rounds {
				tenant := fmt.Sprint("t", (w*rounds+i)%17)
				m.asked(tenant)
				m.Login(tenant, "ok")
				fake.Advance(idleTenant / 4)
			}
		})
	}
	wg.Wait()
	named := map[string]bool{}
	for series := range scrape(t, m) {
		if _, after, ok := strings.Cut(series, `tenant="`); ok {
			tenant, _, _ := strings.Cut(after, `"`)
			named[tenant] = true
		}
	}
	delete(named, other)
	if len(named) > most {
		t.Errorf("%d tenants have series, want at most %d: %v", len(named), most, named)
	}
	for l := range m.series {
		if l.tenant != other && m.tenants.held[l.tenant] == nil {
			t.Errorf("%v is kept for a tenant without a slot", l)
		}
	}
}
