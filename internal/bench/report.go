package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// report is everything that was measured.
type report struct {
	Go       string `json:"go"`
	CPUs     int    `json:"cpus"`
	Postgres string `json:"postgres"`
	durability
	Seconds float64 `json:"seconds"` // that each cell was measured
	Idle    idle    `json:"idle"`
	Cells   []cell  `json:"cells"`
	Goals   []goal  `json:"goals"`
}

// idle is the CPU time that is used while nothing is asked, in microseconds a second.
type idle struct {
	Server   float64 `json:"server_us_per_s"`
	Postgres float64 `json:"postgres_us_per_s"`
	Redis    float64 `json:"redis_us_per_s"`
	Others   float64 `json:"others"` // see cell
}

// cell is one row at one number of connections.
type cell struct {
	Work        string         `json:"work"`
	Title       string         `json:"title"`
	Connections int            `json:"connections"`
	Requests    int            `json:"requests"`
	PerSecond   float64        `json:"per_second"`
	P50         float64        `json:"p50_ms"`
	P99         float64        `json:"p99_ms"`
	Server      float64        `json:"server_us"`   // CPU time per request
	Postgres    float64        `json:"postgres_us"` // likewise
	Redis       float64        `json:"redis_us"`    // likewise
	Generator   float64        `json:"generator_us"`
	Others      float64        `json:"others"`  // share of the machine's cores that went to what is no part of the run
	Foreign     int            `json:"foreign"` // connections to other databases of the same PostgreSQL
	Bad         map[string]int `json:"bad,omitempty"`
}

// newCell is a cell in which the CPU time u went to that many requests.
func newCell(w work, connections, requests int, u usage, elapsed time.Duration) *cell {
	per := func(d time.Duration) float64 { return micros(d) / float64(max(requests, 1)) }
	return &cell{
		Work: w.name, Title: w.title, Connections: connections,
		Server: per(u.asked), Postgres: per(u.postgres), Redis: per(u.redis), Generator: per(u.self), Others: u.others(elapsed),
	}
}

// answered adds what the generator of the load has seen.
func (c *cell) answered(t tally) {
	c.Requests, c.PerSecond = len(t.latencies), float64(len(t.latencies))/t.elapsed.Seconds()
	c.P50, c.P99 = millis(percentile(t.latencies, 50)), millis(percentile(t.latencies, 99))
	c.Bad = t.bad
}

// disturbed reports whether something else took enough of the machine or of PostgreSQL to blur the numbers.
func (c *cell) disturbed() bool { return disturbed(c.Others, c.Foreign) }

func disturbed(others float64, foreign int) bool { return others > 0.1 || foreign > 0 }

// othersText is the share of the machine that went to others, with a mark where it disturbed.
func othersText(others float64, foreign int) string {
	text := fmt.Sprintf("%.0f%%", 100*others)
	if disturbed(others, foreign) {
		return "* " + text
	}
	return text
}

// cpu is what the goals are set in: the time of the server and of PostgreSQL, in microseconds.
func (c *cell) cpu() float64 { return c.Server + c.Postgres }

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// goal is a comparison of two rows.
type goal struct {
	Name     string  `json:"name"`
	Unit     string  `json:"unit"`
	Limit    float64 `json:"limit"`
	Measured bool    `json:"measured"` // both rows were
	Value    float64 `json:"value"`
	Reached  bool    `json:"reached"`
	// Disturbed says that one of the rows was; see cell.disturbed.
	Disturbed bool `json:"disturbed"`
}

// goalConnections is the number of connections that the goals are set at.
const goalConnections = 64

// The units of goals.
const (
	times = "times" // the first row's CPU time by the second's
	ms    = "ms"    // the first row's CPU time less the second's
)

// goals is the table of what is compared.
var goals = []struct {
	name, first, second, unit string
	limit                     float64
}{
	{"session check (app) ÷ SELECT handler", "session-app", "ceiling-select", times, 1.3},
	{"session check (browser) ÷ SELECT handler", "session-browser", "ceiling-select", times, 1.3},
	{"login − argon2id", "login", "ceiling-hash", ms, 1},
	{"signup − argon2id", "signup", "ceiling-hash", ms, 1},
}

// judge compares what was measured.
func judge(cells []cell) []goal {
	find := func(name string) *cell {
		for i := range cells {
			if cells[i].Work == name && cells[i].Connections == goalConnections {
				return &cells[i]
			}
		}
		return nil
	}
	var all []goal
	for _, row := range goals {
		g := goal{Name: row.name, Unit: row.unit, Limit: row.limit}
		first, second := find(row.first), find(row.second)
		if first != nil && second != nil && second.cpu() > 0 {
			g.Measured = true
			if row.unit == times {
				g.Value = first.cpu() / second.cpu()
			} else {
				g.Value = (first.cpu() - second.cpu()) / 1000
			}
			g.Reached = g.Value <= g.Limit
			g.Disturbed = first.disturbed() || second.disturbed()
		}
		all = append(all, g)
	}
	return all
}

// verdict is the goal's last column.
func (g *goal) verdict() string {
	switch {
	case !g.Measured:
		return "not measured"
	case g.Reached && g.Disturbed:
		return "reached *"
	case g.Reached:
		return "reached"
	case g.Disturbed:
		return "not reached *"
	default:
		return "not reached"
	}
}

// reference are numbers of another measurement, to compare the ratios with: another machine gives others.
const reference = `
For orientation, CPU per request of server and PostgreSQL, and requests a second, as measured once on another machine
(compare the ratios, not the numbers):
  mux alone         59 us  16,500/s      GoTrue GET /user     1,440 us  1,100/s
  mux + SELECT     240 us   4,700/s      GoTrue refresh       7,700 us
  mux + INSERT     370 us   3,300/s      GoTrue login         2,500 us of PostgreSQL beside the hash
                                         Kratos whoami        2,140 us    780/s
                                         Kratos login         2,900 us beside the hash
`

// print writes the report as tables.
func (r *report) print(out io.Writer) error {
	p := &printer{out: out}
	p.line("%s, %d cores, PostgreSQL %s (fsync %s, synchronous_commit %s); %gs a cell.",
		r.Go, r.CPUs, r.Postgres, r.Fsync, r.SynchronousCommit, r.Seconds)
	p.line("CPU is microseconds per request; others is the share of the machine that went to what is no part of the run.")
	p.line("The generator of the load runs on the same machine.")
	p.line("")
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	p.out = t
	p.line("connections\trow\treq/s\tp50 ms\tp99 ms\tserver\tPostgreSQL\tsum\tRedis\tothers\tbad\t")
	marked := false
	for i := range r.Cells {
		c := &r.Cells[i]
		if i > 0 && r.Cells[i-1].Connections != c.Connections {
			p.line("\t\t\t\t\t\t\t\t\t\t\t")
		}
		bad := 0
		for _, n := range c.Bad {
			bad += n
		}
		p50, p99 := fmt.Sprintf("%.2f", c.P50), fmt.Sprintf("%.2f", c.P99)
		if c.P50 == 0 {
			p50, p99 = "-", "-" // nothing was asked
		}
		marked = marked || c.disturbed()
		p.line("%d\t%s\t%.0f\t%s\t%s\t%.0f\t%.0f\t%.0f\t%.0f\t%s\t%d\t",
			c.Connections, c.Title, c.PerSecond, p50, p99, c.Server, c.Postgres, c.cpu(), c.Redis, othersText(c.Others, c.Foreign), bad)
	}
	p.flush(t)
	p.out = out
	p.line("")
	p.line("While nothing was asked: server %.0f, PostgreSQL %.0f, Redis %.0f us of CPU a second; others %.0f%%.",
		r.Idle.Server, r.Idle.Postgres, r.Idle.Redis, 100*r.Idle.Others)
	p.line("argon2id runs on every core, whatever the number of connections. The CPU of a signup includes sending its mail.")
	if marked {
		p.line("* Others took more than a tenth of the machine, or used the same PostgreSQL, whose CPU time includes theirs.")
	}
	if len(r.Goals) > 0 {
		p.line("")
		p.line("Goals, in CPU time of server and PostgreSQL at %d connections:", goalConnections)
		p.line("")
		t = tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		p.out = t
		for i := range r.Goals {
			g := &r.Goals[i]
			value := "-"
			if g.Measured {
				value = fmt.Sprintf("%.2f %s", g.Value, g.Unit)
			}
			p.line("  %s\t%s\tgoal ≤ %g %s\t%s", g.Name, value, g.Limit, g.Unit, g.verdict())
		}
		p.flush(t)
		p.out = out
	}
	p.line("%s", reference[:len(reference)-1])
	return p.err
}

// printer keeps the first error.
type printer struct {
	out io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.out, format+"\n", args...)
	}
}

func (p *printer) flush(t *tabwriter.Writer) {
	if p.err == nil {
		p.err = t.Flush()
	}
}
