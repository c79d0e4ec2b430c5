// Package config reads the process settings: what one process of Vestibule needs in order to start, and what takes a
// restart to change. Everything that belongs to a tenant is in the tenant's own settings; nothing is in both.
//
// # Where a value comes from
//
// The table in settings.go is the one list of settings. Each has a name, such as LISTEN, and can be given in three ways:
//
//   - as the flag --listen, which wins;
//   - in the environment as VESTIBULE_LISTEN;
//   - in a file that VESTIBULE_LISTEN_FILE names, as container platforms hand out secrets. Newlines at its end are cut.
//
// An empty value counts as not given. VESTIBULE_LISTEN and VESTIBULE_LISTEN_FILE together are a fault, since no one
// could say which was meant. Help, the manual page docs/configuration.md and the faults all come from the same table.
//
// # Faults
//
// Load checks everything and returns an *Error that lists every fault at once: the name, what is wrong, and what to do.
// A VESTIBULE_ variable that does not exist is a fault as well, for a mistyped security setting must not be ignored in
// silence. (What the admin command and the tests read is let through, and what Kubernetes sets for a service by the name
// of vestibule.) No fault repeats the value of a secret, nor the name of a file that holds one, since the secret itself
// may have been put there by mistake.
//
// # OpenTelemetry
//
// Variables that begin with OTEL_ are not settings of Vestibule's own: they are a standard, and the SDK reads them from the environment
// by itself. Load reads those that concern traces as well (otel.go), so that a wrong one is a fault like any other.
//
// # Development
//
// With --dev nothing else needs to be given: a secret key and an admin token are made once and kept in the folder
// .vestibule, the database is an SQLite file in the same place, limits are counted in the process and mail goes to a
// mailbox. What is given explicitly still wins.
package config

import (
	"errors"
	"log/slog"
	"net/mail"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/internal/secret"
)

// ErrHelp says that --help was given: print Usage and leave with status 0.
var ErrHelp = errors.New("config: help was asked for")

// ErrVersion says that --version was given: print the version and leave with status 0.
var ErrVersion = errors.New("config: the version was asked for")

// LogFormat is the form of the log.
type LogFormat string

// The log formats.
const (
	LogJSON LogFormat = "json" // one JSON object a line
	LogText LogFormat = "text" // key=value, for people
)

// Config is what one process runs with. It is complete and checked: no field needs a default any more. It can be
// printed and logged without giving a secret away.
type Config struct {
	Listen      string // address of the public listener
	AdminListen string // address of the operators' listener
	Environment string // what operators' pages call this deployment; "": nothing
	AdminURL    string // the origin that operators' browsers reach it by; "": http://localhost with its port

	Database         Hidden // postgres://… with sslmode set, or sqlite:PATH; see SQLite
	DatabaseMaxConns int
	Redis            Hidden // not given: limits are counted in this process

	Keys       *secret.Keys // the server's keys
	AdminToken Hidden       // the admin API's bootstrap credential; not given: there is none

	SMTP     Hidden       // not given: see Mailbox
	MailFrom mail.Address // the sender where a tenant names none

	TenantHeader string   // canonical form
	SharedHosts  []string // normal (see package hostname); where TenantHeader may name the tenant

	TrustedProxyCount     int
	TrustedClientIPHeader string // canonical form; "" for none
	TrustedTraceparent    bool   // what comes through those proxies may say which trace it is part of
	AllowPrivateNetworks  bool   // outgoing calls may reach private addresses

	LogFormat LogFormat
	LogLevel  slog.Level

	HashWorkers     int // passwords hashed at the same time; 0 where the program decides
	RequestTimeout  time.Duration
	ShutdownTimeout time.Duration
	ShutdownDelay   time.Duration // before the stop begins
	MaxConnections  int           // of the public listener
	MetricsTenants  int           // tenants with time series of their own

	Tracing       Tracing // what the OTEL_ variables say
	TraceClientIP bool    // spans of requests have the client's address
	Profiling     bool    // the operators' listener serves profiles

	Dev      bool          // --dev
	DevDir   string        // --dev-dir
	Migrate  bool          // --migrate: apply the migrations and leave
	Wait     time.Duration // --wait: how long that waits for the database; 0 is not at all
	SealKeys bool          // --seal-keys: seal the data keys under the first of Keys and leave
	Ready    bool          // --ready: ask the server that runs with these settings whether it is ready, and leave
}

// SQLite is the path of the database file, and whether the database is SQLite at all.
func (c Config) SQLite() (path string, ok bool) {
	return strings.CutPrefix(c.Database.Reveal(), sqliteScheme)
}

// Mailbox reports whether mail is kept in the development mailbox instead of being sent.
func (c Config) Mailbox() bool { return c.Dev && !c.SMTP.Given() }

// Load makes the settings of args (without the program's name) and environ (as os.Environ gives it). Its error is
// ErrHelp, ErrVersion or an *Error. With --dev it may create files in the development folder; otherwise it only reads.
func Load(args, environ []string) (Config, error) {
	in := collect(args, environ)
	switch {
	case in.help:
		return Config{}, ErrHelp
	case in.version:
		return Config{}, ErrVersion
	}
	c := Config{Dev: in.dev, DevDir: in.devDir, Migrate: in.migrate, SealKeys: in.sealKeys, Ready: in.ready}
	faults := c.waits(in.wait)
	for i := range settings {
		s := &settings[i]
		g := in.given[s.name]
		if g.value == "" {
			g = grant{source: s.env(), value: s.fallback}
			if c.Dev && s.dev != nil {
				g.value = s.dev(c.DevDir)
			}
		}
		switch {
		case in.faulty[s.name]: // the value could not be read, which is reported already
		case g.value != "":
			if err := s.parse(&c, g.value); err != nil {
				faults = append(faults, faultOf(g, err))
			}
		case s.required && !(c.Dev && s.madeInDev) && !(c.Migrate && s.name == "SECRET_KEY"): // the schema has no secrets in it
			faults = append(faults, Fault{Name: s.env(), Problem: "is not set", Remedy: s.remedy})
		}
	}
	var otelFaults []Fault
	c.Tracing, otelFaults = tracing(environ)
	faults = append(faults, otelFaults...)
	faults = append(faults, contradictions(&c, in)...)
	faults = append(faults, in.faults...)
	if len(faults) == 0 && c.Dev {
		faults = c.makeDev()
	}
	if len(faults) > 0 {
		return Config{}, &Error{Faults: faults}
	}
	return c, nil
}

// waits reads what --wait takes.
func (c *Config) waits(v string) []Fault {
	if v == "" {
		return nil
	}
	var err error
	if c.Wait, err = duration(v); err != nil {
		return []Fault{faultOf(grant{source: "--wait", value: v}, err)}
	}
	return nil
}

// contradictions are the faults between settings that are right by themselves.
func contradictions(c *Config, in *input) []Fault {
	var faults []Fault
	if c.TrustedProxyCount > 0 && c.TrustedClientIPHeader != "" {
		faults = append(faults, Fault{
			Name:    prefix + "TRUSTED_CLIENT_IP_HEADER",
			Problem: "cannot be used together with " + prefix + "TRUSTED_PROXY_COUNT",
			Remedy:  "Keep the one that your proxy supports and remove the other",
		})
	}
	if c.TrustedTraceparent && c.TrustedProxyCount == 0 && c.TrustedClientIPHeader == "" &&
		!in.has("TRUSTED_PROXY_COUNT") && !in.has("TRUSTED_CLIENT_IP_HEADER") {
		faults = append(faults, Fault{
			Name:    prefix + "TRUSTED_TRACEPARENT",
			Problem: "is set, but no proxy is trusted",
			Remedy:  "Set " + prefix + "TRUSTED_PROXY_COUNT or " + prefix + "TRUSTED_CLIENT_IP_HEADER as well, or remove it",
		})
	}
	if c.SMTP.Given() && c.MailFrom.Address == "" && !in.has("MAIL_FROM") {
		faults = append(faults, Fault{
			Name:    prefix + "MAIL_FROM",
			Problem: "is not set, but " + prefix + "SMTP_URL is",
			Remedy:  "Set it to the address that mail is sent from, such as Example <no-reply@example.org>",
		})
	}
	if c.Listen != "" && c.AdminListen != "" && sameListener(c.Listen, c.AdminListen) {
		faults = append(faults, Fault{
			Name:    prefix + "ADMIN_LISTEN",
			Problem: "is the address of " + prefix + "LISTEN as well",
			Remedy:  "Give the operators' listener a port of its own; it must never be public",
		})
	}
	if in.wait != "" && !c.Migrate {
		faults = append(faults, Fault{
			Name: "--wait", Problem: "is for --migrate alone", Remedy: "Remove it: a server starts without its database, and is unready until it is there",
		})
	}
	if c.Migrate && c.SealKeys {
		faults = append(faults, Fault{
			Name: "--seal-keys", Problem: "cannot be used together with --migrate", Remedy: "Run the server once with each",
		})
	}
	if c.Ready && (c.Migrate || c.SealKeys) {
		faults = append(faults, Fault{
			Name: "--ready", Problem: "cannot be used together with --migrate or --seal-keys", Remedy: "Run the server once with each",
		})
	}
	return faults
}
