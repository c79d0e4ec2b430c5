package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
	"golang.org/x/sync/errgroup"
)

const (
	slowClients = 2000
	hugeClients = 100
	idleClients = 10_000
	strangeAsks = 100_000
)

// What a server tells of the connections of its public listener.
const (
	idleSeries        = `vestibule_http_connections{listener="public",state="idle"}`
	closedEarlySeries = `vestibule_http_connections_closed_early_total{listener="public"}`
)

// openFiles is how many files a process may open at once. Go asks for as many as the system allows.
func openFiles() uint64 {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	return limit.Cur
}

// enoughFiles tells why so many connections cannot be had here, "" if they can.
func enoughFiles(n uint64) func(*run) string {
	return func(*run) string {
		if have := openFiles(); have < n+2000 {
			return fmt.Sprintf("a process may open %d files only (ulimit -n)", have)
		}
		return ""
	}
}

// slowloris opens connections that send a byte a second, half of them in the header and half in the body, until they are cut.
func slowloris(ctx context.Context, r *run, out *row) error {
	victim := r.cluster.replicas[0]
	header := "POST " + appPath + "/auth/login HTTP/1.1\r\nHost: " + r.cluster.crowd.host + "\r\nX-Forwarded-For: 10.250.0.1\r\n"
	body := header + "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
	var cut [2]longest
	g, during := errgroup.WithContext(ctx)
	for i := range slowClients {
		g.Go(func() error {
			conn, err := net.DialTimeout("tcp", victim.public, 10*time.Second)
			if err != nil {
				return nil // a server that has had enough is none the worse
			}
			defer func() { _ = conn.Close() }()
			began, sent := time.Now(), header
			if i%2 == 1 {
				sent = body
			}
			if drip(during, conn, sent) {
				cut[i%2].note(time.Since(began))
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, part := range []string{"header", "body"} {
		out.note("of %d connections that send a byte of the %s a second, %d were cut, the last after %s",
			slowClients/2, part, cut[i].count.Load(), millis(cut[i].most()))
		if n := cut[i].count.Load(); n < slowClients/2 {
			out.breaks("%d connections that send a byte of the %s a second were not cut", slowClients/2-n, part)
		}
	}
	return ctx.Err()
}

// drip sends the beginning at once and a byte a second after it, for forty seconds at most, and reports whether it was cut.
func drip(ctx context.Context, conn net.Conn, text string) bool {
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = io.Copy(io.Discard, conn) // until the server closes the connection
	}()
	if _, err := io.WriteString(conn, text); err != nil {
		return true
	}
	for range 40 {
		select {
		case <-gone:
			return true
		case <-ctx.Done():
			return false
		case <-time.After(time.Second):
			if _, err := io.WriteString(conn, "x"); err != nil {
				return true
			}
		}
	}
	return false
}

// longest counts, and keeps the longest duration.
type longest struct {
	count, nanos atomic.Int64
}

func (l *longest) note(d time.Duration) {
	l.count.Add(1)
	for {
		was := l.nanos.Load()
		if int64(d) <= was || l.nanos.CompareAndSwap(was, int64(d)) {
			return
		}
	}
}

func (l *longest) most() time.Duration { return time.Duration(l.nanos.Load()) }

// huge sends bodies of a gibibyte, half of them announced and half in pieces without end, and counts what is taken of them.
func huge(ctx context.Context, r *run, out *row) error {
	victim := r.cluster.replicas[0]
	var taken [2]longest // bytes
	var answers sync.Map
	g, during := errgroup.WithContext(ctx)
	g.SetLimit(20)
	for i := range hugeClients {
		g.Go(func() error {
			conn, err := net.DialTimeout("tcp", victim.public, 10*time.Second)
			if err != nil {
				return nil // a server that has had enough is none the worse
			}
			defer func() { _ = conn.Close() }()
			stop := context.AfterFunc(during, func() { _ = conn.Close() })
			defer stop()
			kind, length := i%2, "Content-Length: 1073741824"
			if kind == 1 {
				length = "Transfer-Encoding: chunked"
			}
			status := make(chan int, 1)
			go func() { status <- firstStatus(conn) }()
			n := pour(conn, "POST "+appPath+"/auth/login HTTP/1.1\r\nHost: "+r.cluster.crowd.host+
				"\r\nX-Forwarded-For: 10.250.0.2\r\nContent-Type: application/json\r\n"+length+"\r\n\r\n", kind == 1)
			taken[kind].note(time.Duration(n))
			count, _ := answers.LoadOrStore(<-status, new(atomic.Int64))
			count.(*atomic.Int64).Add(1)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	out.note("of a body of 1 GiB, at most %d KiB were taken into the system's buffers and the server before the connection was closed "+
		"where the length was announced, and %d KiB where it came in pieces; answers: %s",
		taken[0].most()>>10, taken[1].most()>>10, counts(&answers))
	for i, how := range []string{"announced", "sent in pieces"} {
		if taken[i].most() > 64<<20 {
			out.breaks("%d MiB of a body that was %s were taken", taken[i].most()>>20, how)
		}
	}
	return ctx.Err()
}

// firstStatus is the status of the first answer on a connection; 0 where it was closed without one.
func firstStatus(conn net.Conn) int {
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0
	}
	_ = res.Body.Close() // the connection is closed anyway
	return res.StatusCode
}

// pour sends a header and then a body until nobody takes any more, and is how much of the body went out.
func pour(conn net.Conn, header string, chunked bool) (sent int64) {
	if _, err := io.WriteString(conn, header); err != nil {
		return 0
	}
	piece := strings.Repeat(" ", 32<<10)
	if chunked {
		piece = fmt.Sprintf("%x\r\n%s\r\n", len(piece), piece)
	}
	for sent < 1<<30 {
		if conn.SetWriteDeadline(time.Now().Add(20*time.Second)) != nil {
			return sent
		}
		n, err := io.WriteString(conn, piece)
		sent += int64(n)
		if err != nil {
			return sent
		}
	}
	return sent
}

// counts shows how often each answer came.
func counts(m *sync.Map) string {
	var all []string
	m.Range(func(status, count any) bool {
		name := fmt.Sprint(status)
		if name == "0" {
			name = "none"
		}
		all = append(all, fmt.Sprintf("%d × %s", count.(*atomic.Int64).Load(), name))
		return true
	})
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// idlers opens connections, asks for something once on each and leaves them open.
func idlers(ctx context.Context, r *run, out *row) error {
	victim := r.cluster.replicas[0]
	was, _ := memory(victim.pid())
	before, err := r.cluster.metrics(ctx, victim)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var open []net.Conn
	defer func() {
		for _, conn := range open {
			_ = conn.Close()
		}
	}()
	var refused atomic.Int64
	g, during := errgroup.WithContext(ctx)
	g.SetLimit(50)
	for range idleClients {
		g.Go(func() error {
			if during.Err() != nil {
				return during.Err()
			}
			conn, err := net.DialTimeout("tcp", victim.public, 10*time.Second)
			if err != nil {
				refused.Add(1)
				return nil
			}
			mu.Lock()
			open = append(open, conn)
			mu.Unlock()
			_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
			ask := "GET " + appPath + "/config HTTP/1.1\r\nHost: " + r.cluster.crowd.host + "\r\nX-Forwarded-For: 10.250.0.3\r\n\r\n"
			if _, err := io.WriteString(conn, ask); err != nil {
				refused.Add(1)
				return nil
			}
			if firstStatus(conn) != http.StatusOK {
				refused.Add(1)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if err := wait(ctx, 5*time.Second); err != nil {
		return err
	}
	now, _ := memory(victim.pid())
	counted, err := r.cluster.metrics(ctx, victim)
	if err != nil {
		return err
	}
	// The server's own count: beyond VESTIBULE_MAX_CONNECTIONS it closes those that have waited the longest, some of which are not ours.
	held, early := counted[idleSeries], counted[closedEarlySeries]-before[closedEarlySeries]
	if held == 0 {
		return fmt.Errorf("the replica tells of no idle connections: %s", idleSeries)
	}
	out.note("of %d connections that asked once and stayed, %d got no answer; the replica then held %.0f idle ones and had closed %.0f for newer "+
		"ones; its memory went from %s to %s, %.1f KiB for each that it held",
		idleClients, refused.Load(), held, early, mebibytes(was), mebibytes(now), float64(now-was)/1024/held)
	return nil
}

// strange asks one replica for hosts and paths that nobody has.
func strange(ctx context.Context, r *run, out *row) error {
	victim := r.cluster.replicas[0]
	was, _ := memory(victim.pid())
	series, err := r.cluster.series(ctx, victim)
	if err != nil {
		return err
	}
	var answers sync.Map
	g, during := errgroup.WithContext(ctx)
	const workers = 8
	for i := range workers {
		g.Go(func() error {
			random := rand.New(rand.NewPCG(uint64(i), 7))
			var conn net.Conn
			var from *bufio.Reader
			for range strangeAsks / workers {
				if during.Err() != nil {
					return during.Err()
				}
				if conn == nil {
					var err error
					if conn, err = net.DialTimeout("tcp", victim.public, 10*time.Second); err != nil {
						return fmt.Errorf("connect: %w", err)
					}
					from = bufio.NewReader(conn)
				}
				host := fmt.Sprintf("h%x.example.org", random.Uint64())
				if random.IntN(2) == 0 {
					host = r.cluster.crowd.host
				}
				status := 0
				if _, err := fmt.Fprintf(conn, "GET /_allauth/app/v1/%x HTTP/1.1\r\nHost: %s\r\nX-Forwarded-For: 10.250.%d.%d\r\n\r\n",
					random.Uint64(), host, random.IntN(256), random.IntN(256)); err == nil {
					if res, err := http.ReadResponse(from, nil); err == nil {
						_, err = io.Copy(io.Discard, res.Body)
						status = res.StatusCode
						if errors.Join(err, res.Body.Close()) != nil || res.Close {
							_ = conn.Close()
							conn = nil
						}
					}
				}
				if status == 0 {
					_ = conn.Close()
					conn = nil
				}
				count, _ := answers.LoadOrStore(status, new(atomic.Int64))
				count.(*atomic.Int64).Add(1)
			}
			if conn != nil {
				_ = conn.Close()
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	left, err := r.cluster.series(ctx, victim)
	if err != nil {
		return err
	}
	now, _ := memory(victim.pid())
	out.note("%d requests for random hosts and paths: answers %s; time series of the replica %d before and %d after, memory %s before and %s after",
		strangeAsks, counts(&answers), series, left, mebibytes(was), mebibytes(now))
	if left > series+100 {
		out.breaks("the time series grew by %d", left-series)
	}
	return nil
}

// series is how many time series a replica has in its metrics.
func (c *cluster) series(ctx context.Context, r *replica) (int, error) {
	all, err := c.metrics(ctx, r)
	return len(all), err
}

// metrics are a replica's, by name and labels as they are written there.
func (c *cluster) metrics(ctx context.Context, r *replica) (map[string]float64, error) {
	got, err := c.call(ctx, r.operators, "", http.MethodGet, "/metrics", nil, nil)
	if err != nil {
		return nil, err
	}
	return samples(string(got.body))
}

// samples reads metrics as Prometheus has them in text, without times.
func samples(text string) (map[string]float64, error) {
	all := map[string]float64{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		value, err := strconv.ParseFloat(line[at+1:], 64)
		if at < 0 || err != nil {
			return nil, fmt.Errorf("not a metric: %q", line)
		}
		all[line[:at]] = value
	}
	return all, nil
}

const (
	floodRounds = 5
	floodLength = 5 * time.Second
	floodRate   = 300
	// fair is how many times longer than in quiet the slowest session checks of a tenant may take while another one is attacked.
	fair = 1.5
)

// attacked floods one tenant with logins from many addresses, and compares the session checks of another with those in quiet, in
// turns, so that what else the machine does falls on both.
func attacked(ctx context.Context, r *run, out *row) error {
	const host = "attacked.localhost"
	if err := r.cluster.makeTenant(ctx, r.cluster.replicas[1], host, map[string]any{}); err != nil {
		return err
	}
	var quiet, loud []sample
	var answers sync.Map
	for range floodRounds {
		began := time.Now()
		if err := wait(ctx, floodLength); err != nil {
			return err
		}
		between := time.Now()
		flood(r.cluster.balancer.addr, host, &answers) // returns with its last answer, which may be seconds after its last login
		quiet = append(quiet, r.attack.between(began, between)...)
		loud = append(loud, r.attack.between(between, between.Add(floodLength))...)
	}
	calmly, under := figuresOf(quiet, check), figuresOf(loud, check)
	ratio := under.p99.Seconds() / calmly.p99.Seconds()
	out.note("%d logins a second with wrong passwords at one tenant, from as many addresses as logins: answers %s. "+
		"Another tenant's session checks, p50, p99 and the longest of all: %s, %s in quiet (%d checks), %s, %s meanwhile (%d), the p99 %.2f times as long "+
		"(%d rounds in turns; at most %.1f is promised)",
		floodRate, counts(&answers), pair(calmly), millis(calmly.most), calmly.requests, pair(under), millis(under.most), under.requests,
		ratio, floodRounds, fair)
	if ratio > fair {
		out.breaks("another tenant's session checks took %.2f times as long as in quiet", ratio)
	}
	return ctx.Err()
}

// flood tries wrong passwords for a while.
func flood(addr, host string, answers *sync.Map) {
	var n atomic.Uint64
	target := func(t *vegeta.Target) error {
		i := n.Add(1)
		t.Method, t.URL = http.MethodPost, "http://"+addr+appPath+"/auth/login"
		t.Body = fmt.Appendf(nil, `{"email":"victim-%d@example.org","password":"guess-%d"}`, i%5000, i)
		from := fmt.Sprintf("10.%d.%d.%d", 128+byte(i>>16)%64, byte(i>>8), byte(i))
		t.Header = http.Header{"Content-Type": {"application/json"}, "X-Forwarded-For": {from}, "Host": {host}}
		return nil
	}
	a := vegeta.NewAttacker(vegeta.Timeout(clientPatience), vegeta.MaxWorkers(2000))
	for res := range a.Attack(target, vegeta.Rate{Freq: floodRate, Per: time.Second}, floodLength, "") {
		count, _ := answers.LoadOrStore(int(res.Code), new(atomic.Int64))
		count.(*atomic.Int64).Add(1)
	}
}
