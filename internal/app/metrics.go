package app

import (
	"context"
	"runtime/debug"
	"time"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/httpd"
	"github.com/vestibule-auth/vestibule/internal/outbound"
	"github.com/vestibule-auth/vestibule/internal/post"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// watchEvery is how often what waits in the database is read for the metrics, and the checks of readiness are made.
const watchEvery = 15 * time.Second

// watch has the metrics know what only asking tells, for as long as the server runs. It asks by itself, and not when it is asked: a
// database that does not answer must not keep anybody from reading the other metrics.
func (a *App) watch(ctx context.Context) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	failing := false
	for {
		a.health.Look(ctx)
		b, err := a.Store.Backlog(ctx, a.clock.Now())
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			a.metrics.SetBacklog(httpd.Backlog(b))
		case !failing:
			a.log.WarnContext(ctx, "cannot read for the metrics what waits in the database; trying again every 15 seconds", "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// sources are what the metrics are told when they are read.
func (a *App) sources() httpd.Sources {
	s := httpd.Sources{
		Version: a.version, MemoryLimit: ContainerMemory(), Health: a.health, Connections: []*httpd.Server{a.Public, a.Operators},
		Spans: a.tracer.Counts,
		Pools: func() []httpd.Pool {
			var all []httpd.Pool
			for _, p := range a.Store.Pools() {
				all = append(all, httpd.Pool(p))
			}
			return all
		},
		Hashes: func() httpd.Hashes {
			st := a.Hasher.Stats()
			workers, queue := a.Hasher.Bounds()
			return httpd.Hashes{Workers: workers, Queue: queue, Running: st.Running, Waiting: st.Waiting, Done: st.Done, Refused: st.Refused}
		},
		Directory: func() httpd.Directory { return httpd.Directory(a.Directory.Stats()) },
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		s.GoVersion = info.GoVersion
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				s.Revision = setting.Value
			}
		}
	}
	return s
}

// hashWait measures how long a password waits for its turn.
func (a *App) hashWait() (over func()) {
	began := a.clock.Now()
	return func() { a.metrics.HashWaited(a.clock.Now().Sub(began)) }
}

// dialer connects to addresses that tenants name.
func (a *App) dialer() outbound.Dialer {
	return outbound.Dialer{AllowPrivate: a.config.AllowPrivateNetworks, OnRefused: a.metrics.OutboundRefused, Resolver: a.resolver}
}

// meter tells the metrics how statements go.
type meter struct{ metrics *httpd.Metrics }

func (m meter) Statement(kind store.Kind, took time.Duration) { m.metrics.Statement(int(kind), took) }
func (m meter) Fault(class store.Class)                       { m.metrics.DatabaseFault(int(class)) }

// timed measures how long handing messages over takes.
type timed struct {
	post.Sender
	metrics *httpd.Metrics
	clock   clock.Clock
	sms     bool
}

// Send hands a message over.
func (s timed) Send(ctx context.Context, t *tenants.Tenant, o post.Outgoing) error {
	began := s.clock.Now()
	err := s.Sender.Send(ctx, t, o)
	s.metrics.Handed(s.sms, s.clock.Now().Sub(began))
	return err
}
