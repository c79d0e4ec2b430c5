package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/vestibule-auth/vestibule/internal/secret"
)

// comparison is a kind of request that must take as long for an address with an account as for one without.
type comparison struct {
	name, title  string
	config       map[string]any // of the tenant's account section, while it is made
	path         string         // below appPath
	want         int            // the one status of both
	quiet        bool           // strangers are not mailed
	never, twice bool           // nobody is mailed; both addresses have accounts, so that there is no difference to find
	body         func(email string) map[string]string
}

func address(email string) map[string]string { return map[string]string{"email": email} }

func withPassword(email string) map[string]string {
	return map[string]string{"email": email, "password": "another-" + password}
}

// The settings of comparisons. Rates are so high that nobody meets them, since an address is asked about several times in a
// run and only once by whoever wants to know; taking them costs what it always does.
var (
	byLink = map[string]any{
		"email_verification": "mandatory", "email_verification_by_code_enabled": false, "password_reset_by_code_enabled": false,
		"login_by_code_enabled": true, "email_unknown_accounts": true,
		"rate_limits": map[string]string{
			"login": "1000000/m/ip", "login_failed": "1000000/m/ip,1000000/5m/key", "signup": "1000000/m/ip", "confirm_email": "1000000/m/key",
			"reset_password": "1000000/m/ip,1000000/m/key", "request_login_code": "1000000/m/ip,1000000/m/key",
		},
	}
	byCode      = with(byLink, map[string]any{"email_verification_by_code_enabled": true, "password_reset_by_code_enabled": true})
	quietByLink = with(byLink, map[string]any{"email_unknown_accounts": false})
	quietByCode = with(byCode, map[string]any{"email_unknown_accounts": false})
)

func with(settings, more map[string]any) map[string]any {
	all := map[string]any{}
	for _, m := range []map[string]any{settings, more} {
		for name, value := range m {
			all[name] = value
		}
	}
	return all
}

// comparisons is the table of what is compared, in the order of a run. The first compares what is the same, and shows what the
// method makes of that.
var comparisons = []comparison{
	{name: "control", title: "reset by link, both with an account", config: byLink, path: "/auth/password/request", want: http.StatusOK, twice: true, body: address},
	{name: "login", title: "login with a wrong password", config: byLink, path: "/auth/login", want: http.StatusBadRequest, never: true, body: withPassword},
	{name: "signup-link", title: "signup, proved by a link", config: byLink, path: "/auth/signup", want: http.StatusUnauthorized, body: withPassword},
	{name: "signup-code", title: "signup, proved by a code", config: byCode, path: "/auth/signup", want: http.StatusUnauthorized, body: withPassword},
	{name: "reset-link", title: "reset by link", config: byLink, path: "/auth/password/request", want: http.StatusOK, body: address},
	{name: "reset-code", title: "reset by code", config: byCode, path: "/auth/password/request", want: http.StatusUnauthorized, body: address},
	{name: "login-code", title: "login code", config: byLink, path: "/auth/code/request", want: http.StatusUnauthorized, body: address},
	{name: "quiet-reset-link", title: "reset by link, strangers not mailed", config: quietByLink, path: "/auth/password/request", want: http.StatusOK, quiet: true, body: address},
	{name: "quiet-reset-code", title: "reset by code, strangers not mailed", config: quietByCode, path: "/auth/password/request", want: http.StatusUnauthorized, quiet: true, body: address},
	{name: "quiet-login-code", title: "login code, strangers not mailed", config: quietByLink, path: "/auth/code/request", want: http.StatusUnauthorized, quiet: true, body: address},
}

func comparisonNames() []string {
	var all []string
	for _, c := range comparisons {
		all = append(all, c.name)
	}
	return all
}

const (
	// warmupPairs are asked before what is measured: connections are made, statements planned, caches filled.
	warmupPairs = 25
	// rest is how long the server has after each answer to send the mail that it caused.
	rest = 5 * time.Millisecond
	// pairPatience is how long a pair may take, rest and all.
	pairPatience = 2 * time.Second
)

// timing is what a comparison found.
type timing struct {
	Name    string  `json:"name"`
	Title   string  `json:"title"`
	Pairs   int     `json:"pairs"`
	Known   float64 `json:"known_ms"` // medians
	Unknown float64 `json:"unknown_ms"`
	Noise   float64 `json:"noise_ms"` // between two halves of the same kind
	Z       float64 `json:"z"`        // of the rank sum; more than 0 where those with an account take longer
	Others  float64 `json:"others"`   // see cell
	Foreign int     `json:"foreign"`  // likewise

	spread float64 // of the answers, as the standard deviation of a normal distribution with the same quartiles
}

// timings is everything that was compared.
type timings struct {
	Go       string `json:"go"`
	CPUs     int    `json:"cpus"`
	Postgres string `json:"postgres"`
	durability
	Rows []timing `json:"rows"`
}

// compareAll measures every comparison that is chosen. The result is nil if nothing was measured.
func compareAll(ctx context.Context, o options, progress io.Writer) (_ *timings, err error) {
	chosen := slices.DeleteFunc(slices.Clone(comparisons), func(c comparison) bool { return !o.only.MatchString(c.name) })
	if len(chosen) == 0 {
		return nil, errors.New("-only matches no row; see -help")
	}
	r := &runner{options: o, progress: progress}
	defer func() { err = errors.Join(err, r.close()) }()
	if r.storage, err = openStorage(ctx); err != nil {
		return nil, err
	}
	all := &timings{Go: runtime.Version(), CPUs: runtime.NumCPU(), Postgres: r.storage.version, durability: r.storage.durability}
	err = r.serving(ctx, o.pairs, 0, func() error {
		if err := r.storage.proveAddresses(ctx, r.server.tenant); err != nil {
			return err
		}
		for _, c := range chosen {
			r.say("%s, %d pairs", c.name, o.pairs)
			row, err := r.compare(ctx, c)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			all.Rows = append(all.Rows, row)
		}
		return nil
	})
	if len(all.Rows) == 0 {
		return nil, err
	}
	return all, err
}

// compare asks about known and unknown addresses, in pairs and each pair in an order of its own, over one connection.
func (r *runner) compare(ctx context.Context, c comparison) (row timing, err error) {
	if err := r.server.configure(ctx, c.config); err != nil {
		return row, err
	}
	foreign, err := r.storage.foreign(ctx)
	if err != nil {
		return row, err
	}
	before, err := r.used(ctx, r.server.cmd.Process.Pid)
	if err != nil {
		return row, err
	}
	started := time.Now()
	conn, err := dial(ctx, r.server.public, started.Add(time.Duration(r.options.pairs+warmupPairs)*pairPatience))
	if err != nil {
		return row, err
	}
	defer func() { _ = conn.close() }() // all that was to be learned has been read
	var known, unknown []time.Duration
	for n := -warmupPairs; n < r.options.pairs; n++ {
		first := secret.Bytes(1)[0]&1 == 0
		for _, isKnown := range []bool{first, !first} {
			took, err := r.askAbout(ctx, conn, c, isKnown, n)
			switch {
			case err != nil:
				return row, err
			case n < 0:
			case isKnown:
				known = append(known, took)
			default:
				unknown = append(unknown, took)
			}
		}
	}
	elapsed := time.Since(started)
	after, err := r.used(ctx, r.server.cmd.Process.Pid)
	if err == nil {
		err = r.awaitMail(ctx)
	}
	if err != nil {
		return row, err
	}
	row = judgeTimes(known, unknown)
	row.Name, row.Title, row.Foreign, row.Others = c.name, c.title, foreign, after.since(before).others(elapsed)
	return row, nil
}

// askAbout asks once, and is how long the answer took. The server is at rest before and after.
func (r *runner) askAbout(ctx context.Context, conn *client, c comparison, known bool, n int) (time.Duration, error) {
	accounts := r.fixture.accounts
	email := r.fixture.newAddress()
	if known || c.twice {
		email = accounts[(n+warmupPairs)%len(accounts)].email
	}
	body, err := json.Marshal(c.body(email))
	if err != nil {
		return 0, err
	}
	request := appendRequest(nil, "POST", appPath+c.path, "", r.fixture.ips.Add(1), body)
	asked := time.Now()
	a, err := conn.ask(request)
	took := time.Since(asked)
	switch {
	case err != nil:
		return 0, err
	case a.status != c.want || a.last:
		return 0, fmt.Errorf("the answer is %d and not %d: %s", a.status, c.want, clip(a.body))
	}
	if !c.never && (known || c.twice || !c.quiet) {
		r.mails++
	}
	return took, pause(ctx, rest)
}

// proveAddresses marks every address of a tenant as proved, as its owner would have it.
func (s *storage) proveAddresses(ctx context.Context, tenant string) error {
	if _, err := s.db.ExecContext(ctx, "UPDATE emails SET verified = TRUE WHERE tenant_id = $1", tenant); err != nil {
		return fmt.Errorf("prove addresses: %w", err)
	}
	return s.settle(ctx)
}

// judgeTimes compares the times of two kinds of request.
func judgeTimes(known, unknown []time.Duration) timing {
	evens, odds := halves(known)
	noise := math.Abs(median(evens) - median(odds))
	evens, odds = halves(unknown)
	noise = max(noise, math.Abs(median(evens)-median(odds)))
	return timing{
		Pairs: len(known), Known: median(known), Unknown: median(unknown), Noise: noise, Z: rankSum(known, unknown), spread: max(spread(known), spread(unknown)),
	}
}

// halves are every other value, and the rest.
func halves(values []time.Duration) (evens, odds []time.Duration) {
	for i, v := range values {
		if i%2 == 0 {
			evens = append(evens, v)
		} else {
			odds = append(odds, v)
		}
	}
	return evens, odds
}

// median is the middle one of values in milliseconds, or the mean of the middle two. Of nothing it is 0.
func median(values []time.Duration) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return (millis(sorted[(len(sorted)-1)/2]) + millis(sorted[len(sorted)/2])) / 2
}

// spread is the standard deviation in milliseconds that values would have if they were normally distributed: from their
// quartiles, since a few answers of any server take very long.
func spread(values []time.Duration) float64 {
	const quartiles = 1.349 // of the standard normal distribution, apart
	sorted := slices.Sorted(slices.Values(values))
	return (millis(percentile(sorted, 75)) - millis(percentile(sorted, 25))) / quartiles
}

// rankSum is how many standard deviations the rank sum of a (Wilcoxon, Mann and Whitney) lies above what it would be if a and b
// were the same, by the normal approximation with mean ranks for equal values. Of nothing, and of values that are all equal, it
// is 0.
func rankSum(a, b []time.Duration) float64 {
	type value struct {
		d    time.Duration
		isOf bool // a's
	}
	var all []value
	for _, d := range a {
		all = append(all, value{d, true})
	}
	for _, d := range b {
		all = append(all, value{d, false})
	}
	slices.SortFunc(all, func(x, y value) int { return cmp.Compare(x.d, y.d) })
	m, n := float64(len(a)), float64(len(b))
	sum, ties := 0.0, 0.0
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].d == all[i].d {
			j++
		}
		rank, equal := float64(i+j+1)/2, float64(j-i) // ranks begin at 1
		for ; i < j; i++ {
			if all[i].isOf {
				sum += rank
			}
		}
		ties += equal*equal*equal - equal
	}
	total := m + n
	variance := m * n / 12 * (total + 1 - ties/(total*(total-1)))
	if !(variance > 0) {
		return 0
	}
	return (sum - m*(total+1)/2) / math.Sqrt(variance)
}

// significant is the z score from which on a difference is taken for one: chance alone gives it once in 370 comparisons.
const significant = 3

// difference is how much longer those with an account take, in milliseconds.
func (t *timing) difference() float64 { return t.Known - t.Unknown }

// resolution is the least difference that a comparison of so many pairs would show, in milliseconds: as many standard errors of a
// difference of medians as are significant.
func (t *timing) resolution() float64 {
	return significant * math.Sqrt(math.Pi/2) * t.spread * math.Sqrt(2/float64(max(t.Pairs, 1)))
}

// verdict is what it comes to, in words.
func (t *timing) verdict() string {
	switch {
	case math.Abs(t.Z) < significant:
		return "no difference"
	case math.Abs(t.difference()) <= t.Noise:
		return "a difference within the noise"
	case t.Z > 0:
		return "LONGER with an account"
	default:
		return "SHORTER with an account"
	}
}

// print writes the comparisons as a table.
func (t *timings) print(out io.Writer) error {
	p := &printer{out: out}
	p.line("%s, %d cores, PostgreSQL %s (fsync %s, synchronous_commit %s). Medians of the time to the answer, in milliseconds, for",
		t.Go, t.CPUs, t.Postgres, t.Fsync, t.SynchronousCommit)
	p.line("addresses with an account and without; noise is between two halves of the same kind; shows is the least difference")
	p.line("that would have shown. others is the share of the machine that went to what is no part of the run.")
	p.line("")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	p.out = w
	p.line("row\tpairs\twith\twithout\tdifference\tnoise\tshows\tz\tothers\t  verdict")
	marked := false
	for i := range t.Rows {
		row := &t.Rows[i]
		marked = marked || disturbed(row.Others, row.Foreign)
		p.line("%s\t%d\t%.3f\t%.3f\t%+.3f\t%.3f\t%.3f\t%+.1f\t%s\t  %s",
			row.Title, row.Pairs, row.Known, row.Unknown, row.difference(), row.Noise, row.resolution(), row.Z, othersText(row.Others, row.Foreign), row.verdict())
	}
	p.flush(w)
	p.out = out
	p.line("")
	p.line("z is that of the rank sum. Chance alone takes it past ±%d once in 370 comparisons; run such a row once more.", significant)
	if marked {
		p.line("* Others took more than a tenth of the machine, or used the same PostgreSQL, which makes more noise and no difference.")
	}
	return p.err
}
