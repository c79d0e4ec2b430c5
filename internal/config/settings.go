package config

import (
	"log/slog"
	"net"
	"net/mail"
	"net/netip"
	"net/textproto"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/vestibule-auth/vestibule/internal/hostname"
	"github.com/vestibule-auth/vestibule/internal/secret"
)

const sqliteScheme = "sqlite:"

// setting is a row of the table: how a value is named, what it means, and how it is read.
type setting struct {
	name      string                     // without the prefix
	section   string                     // heading in the manual; "" for the one above
	takes     string                     // what stands for the value in the help
	fallback  string                     // the value where none is given
	dev       func(devDir string) string // the same with --dev, where it differs
	devText   string                     // what the manual says of that
	madeInDev bool                       // --dev makes one and keeps it
	required  bool
	remedy    string // what to do where a required value is missing
	hidden    bool   // the value is a secret or holds one
	isSwitch  bool   // the flag alone means true
	text      string // the manual
	parse     func(c *Config, value string) error
}

func (s *setting) env() string  { return prefix + s.name }
func (s *setting) flag() string { return strings.ToLower(strings.ReplaceAll(s.name, "_", "-")) }

func settingNamed(name string) *setting {
	for i := range settings {
		if settings[i].name == name {
			return &settings[i]
		}
	}
	return nil
}

func settingOfFlag(flag string) *setting {
	for i := range settings {
		if settings[i].flag() == flag {
			return &settings[i]
		}
	}
	return nil
}

func always(value string) func(string) string { return func(string) string { return value } }

const (
	databaseRemedy = "Set it to postgres://user:password@host/name?sslmode=verify-full, or to sqlite:PATH for a file, " +
		"or start with --dev"
	keyRemedy = "Make a key with: openssl rand -base64 32"
)

// settings is the table.
var settings = []setting{
	{
		name: "LISTEN", section: "Listeners", takes: "ADDRESS", fallback: ":8080",
		text: "The address of the public listener, as host:port. Without a host it listens on every interface. It speaks " +
			"plain HTTP; TLS belongs to the proxy in front of it.",
		parse: func(c *Config, v string) (err error) { c.Listen, err = address(v); return err },
	},
	{
		name: "ADMIN_LISTEN", takes: "ADDRESS", fallback: "127.0.0.1:9090",
		text: "The address of the operators' listener: the admin API and its pages, metrics and health. It must not be " +
			"reachable by the public.",
		parse: func(c *Config, v string) (err error) { c.AdminListen, err = address(v); return err },
	},
	{
		name: "ADMIN_PUBLIC_URL", takes: "URL",
		text: "Where operators' browsers reach the operators' listener, such as https://admin.example.org: what their links, cookies " +
			"and passkeys are made for. Unless it is given they must use http://localhost with the listener's port, as through an " +
			"SSH tunnel or kubectl port-forward.",
		parse: parseAdminURL,
	},
	{
		name: "ENVIRONMENT", takes: "WORD",
		dev: always("development"), devText: "development",
		text: "What operators' pages call this deployment, such as production or staging: a badge on every page, so that nobody " +
			"takes the one for the other. At most 20 characters.",
		parse: parseEnvironment,
	},
	{
		name: "DATABASE_URL", section: "Storage", takes: "URL", hidden: true, required: true, remedy: databaseRemedy,
		dev:     func(dir string) string { return sqliteScheme + filepath.Join(dir, "dev.db") },
		devText: "sqlite:.vestibule/dev.db",
		text: "The database: postgres://user:password@host:port/name, or sqlite:PATH for a file on this machine. A " +
			"PostgreSQL URL must say sslmode (disable, require, verify-ca or verify-full; choose verify-full wherever you " +
			"can), unless the host is this machine or a unix socket, where it is disable. Characters such as @ / : # % in " +
			"the password must be percent-encoded.",
		parse: parseDatabase,
	},
	{
		name: "DATABASE_MAX_CONNS", takes: "NUMBER", fallback: "20",
		text: "How many connections to the database one process opens at most. All processes together must stay below " +
			"what the database allows.",
		parse: func(c *Config, v string) (err error) { c.DatabaseMaxConns, err = number(v, 1, 10_000); return err },
	},
	{
		name: "REDIS_URL", takes: "URL", hidden: true,
		text: "The Redis that counts rate limits for all processes: redis://, rediss:// (TLS) or unix://. A cluster is " +
			"redis+cluster://user:password@host:port?addr=host2:port2&addr=host3:port3, and a Redis that sentinels watch over " +
			"redis+sentinel://sentinel:port/0?master_name=NAME&addr=sentinel2:port2 " +
			"(its user and password there are username and password, after the ?, for what stands before an @ is for the " +
			"sentinels); with rediss+ either speaks TLS. Without it each process counts " +
			"for itself, so that with n processes n times as much gets through; the log says so at the start.",
		parse: parseRedis,
	},
	{
		name: "SECRET_KEY", section: "Secrets", takes: "KEYS", hidden: true, required: true, madeInDev: true,
		remedy:  keyRemedy,
		devText: "made once and kept in .vestibule/secret-key",
		text: "The key that seals every tenant's own key: 32 random bytes in base64 (openssl rand -base64 32). Several are " +
			"given with commas between: the first seals, all of them open. To change the key, go on only when every process " +
			"has got as far: give the old key and the new one (old,new), then the new key first (new,old), run the server " +
			"with --seal-keys once, and give the new key alone. Whoever has it and the database can read everything, and " +
			"without it sealed data is lost: keep it safe, and apart from the database's backups.",
		parse: parseKeys,
	},
	{
		name: "ADMIN_TOKEN", takes: "TOKEN", hidden: true, madeInDev: true,
		devText: "made once and kept in .vestibule/admin-token",
		text: "A bootstrap credential of the admin API, at least 32 characters long (openssl rand -base64 48). It may do " +
			"everything, so keep it as you keep the secret key.",
		parse: parseAdminToken,
	},
	{
		name: "SMTP_URL", section: "Mail", takes: "URL", hidden: true,
		devText: "mail is kept in a mailbox instead of being sent",
		text: "The mail server: smtp://user:password@host:port (port 587 unless given) or smtps:// (port 465 unless given, TLS " +
			"from the start). With a user and password, smtp:// sends nothing unless the server offers STARTTLS or is this " +
			"machine; without them it uses STARTTLS where it is offered, and ?starttls=require at the end makes that a " +
			"condition as well. A tenant may have a mail server of its own. Mail of those that have none waits until there " +
			"is one, and is given up after 12 hours; the log says so at the start.",
		parse: parseSMTP,
	},
	{
		name: "MAIL_FROM", takes: "ADDRESS", dev: always("Vestibule <vestibule@localhost>"),
		devText: "Vestibule <vestibule@localhost>",
		text: "The address that mail is sent from where a tenant names none, such as Example <no-reply@example.org>. " +
			"Required with VESTIBULE_SMTP_URL.",
		parse: parseMailFrom,
	},
	{
		name: "TENANT_HEADER", section: "Tenants", takes: "NAME", fallback: "X-Tenant",
		text: "The request header that names the tenant on the shared hosts. Elsewhere it may only name the tenant that " +
			"the host belongs to.",
		parse: func(c *Config, v string) (err error) { c.TenantHeader, err = header(v); return err },
	},
	{
		name: "SHARED_HOSTS", takes: "HOSTS",
		text: "Hosts that belong to no tenant, where the tenant header decides; with commas between, without scheme or port, " +
			"IPv6 addresses in brackets. No tenant may claim one of them.",
		parse: parseSharedHosts,
	},
	{
		name: "TRUSTED_PROXY_COUNT", section: "Proxies", takes: "NUMBER", fallback: "0",
		text: "How many proxies of your own stand in front of this server, each of which appends the address it was called " +
			"from to X-Forwarded-For. The client's address is then that many entries from the right, which no client can " +
			"forge. With 0 it is the address of the connection, and the header is not read. Too high a number lets clients " +
			"choose their address, and with it their rate limits.",
		parse: func(c *Config, v string) (err error) { c.TrustedProxyCount, err = number(v, 0, 16); return err },
	},
	{
		name: "TRUSTED_CLIENT_IP_HEADER", takes: "NAME",
		text: "A header that your proxy sets to the client's address alone, such as CF-Connecting-IP, and that it removes " +
			"from what clients send. Not together with VESTIBULE_TRUSTED_PROXY_COUNT. The server must then be reachable " +
			"through that proxy only.",
		parse: parseClientIPHeader,
	},
	{
		name: "TRUSTED_TRACEPARENT", takes: "BOOL", fallback: "false", isSwitch: true,
		text: "Whether a request that comes through a trusted proxy may say, with the header traceparent, which trace it is part of and " +
			"whether that is recorded. Only for a proxy that makes this header itself or removes it from what clients send: whoever " +
			"can send it decides what is recorded. Otherwise each request begins a trace of its own, with a link to what it said.",
		parse: func(c *Config, v string) (err error) { c.TrustedTraceparent, err = yes(v); return err },
	},
	{
		name: "ALLOW_PRIVATE_NETWORKS", takes: "BOOL", fallback: "false", dev: always("true"), devText: "true", isSwitch: true,
		text: "Whether outgoing calls whose target a tenant names, such as those to identity providers, may reach loopback, " +
			"link-local and private addresses. Leave it off unless every tenant is trusted.",
		parse: func(c *Config, v string) (err error) { c.AllowPrivateNetworks, err = yes(v); return err },
	},
	{
		name: "LOG_FORMAT", section: "Log", takes: "FORMAT", fallback: string(LogJSON), dev: always(string(LogText)),
		devText: "text",
		text:    "The form of the log on standard error: json, one object a line, or text.",
		parse: func(c *Config, v string) error {
			if c.LogFormat = LogFormat(v); c.LogFormat != LogJSON && c.LogFormat != LogText {
				return flawed("Set it to json or text", "is %s, which is no log format", shown(v))
			}
			return nil
		},
	},
	{
		name: "LOG_LEVEL", takes: "LEVEL", fallback: "info",
		text: "The least that is logged: debug, info, warn or error. Each request is one record of level info.",
		parse: func(c *Config, v string) error {
			levels := map[string]slog.Level{
				"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
			}
			level, ok := levels[v]
			if !ok {
				return flawed("Set it to debug, info, warn or error", "is %s, which is no log level", shown(v))
			}
			c.LogLevel = level
			return nil
		},
	},
	{
		name: "TRACE_CLIENT_IP", section: "Closer looks", takes: "BOOL", fallback: "false", isSwitch: true,
		text: "Whether spans of requests have the client's address, which is personal data. Tracing itself is turned on by the variables of " +
			"OpenTelemetry, which are listed at the end.",
		parse: func(c *Config, v string) (err error) { c.TraceClientIP, err = yes(v); return err },
	},
	{
		name: "PROFILING", takes: "BOOL", fallback: "false", isSwitch: true,
		text: "Whether the operators' listener serves profiles of the process under /debug/pprof/, to owners alone. They show what the " +
			"program is doing and where its memory went. Some cost time while they are taken: turn it on when there is something to find.",
		parse: func(c *Config, v string) (err error) { c.Profiling, err = yes(v); return err },
	},
	{
		name: "HASH_WORKERS", section: "Tuning", takes: "NUMBER", fallback: "0",
		text: "How many passwords are hashed at the same time; 0 is one for each core, or one less where the container has a CPU limit. " +
			"Each takes 19 MiB of memory, which the server keeps for some minutes. More makes each login slower. Hashing runs at a " +
			"low priority and gives way to everything else.",
		parse: func(c *Config, v string) (err error) { c.HashWorkers, err = number(v, 0, 1024); return err },
	},
	{
		name: "REQUEST_TIMEOUT", takes: "DURATION", fallback: "15s",
		text:  "How long one request may take, from 1s to 10m. Whatever it still waits for is then cancelled.",
		parse: func(c *Config, v string) (err error) { c.RequestTimeout, err = duration(v); return err },
	},
	{
		name: "MAX_CONNECTIONS", takes: "NUMBER", fallback: "10000",
		text: "How many connections the public listener holds open. When one more comes, the one that has been without a request for the " +
			"longest is closed; if all are busy, the new one is. Each takes a file descriptor and 17 KiB of memory, and up to " +
			"100 KiB while a body comes. Proxies keep some open on purpose: allow for what they hold.",
		parse: func(c *Config, v string) (err error) { c.MaxConnections, err = number(v, 1, 1_000_000); return err },
	},
	{
		name: "SHUTDOWN_TIMEOUT", takes: "DURATION", fallback: "30s",
		text: "How long a stop may take altogether, from 1s to 10m: requests that are under way finish, and mail that is on " +
			"its way. What is not over then is cut off, and the exit status is 1. The platform must wait some seconds " +
			"longer than this before it kills the process.",
		parse: func(c *Config, v string) (err error) { c.ShutdownTimeout, err = duration(v); return err },
	},
	{
		name: "SHUTDOWN_DELAY", takes: "DURATION", fallback: "0s",
		text: "How long a stop waits before it begins, from 0s to 5m: the process says that it is unready, serves on, and closes " +
			"each connection with the answer that it gives on it. Give it as long as your load balancer takes to notice, and no request " +
			"is lost; leave it at 0 where the platform waits itself before it tells the process to stop, as a preStop hook does. " +
			"VESTIBULE_SHUTDOWN_TIMEOUT begins after it.",
		parse: func(c *Config, v string) (err error) {
			c.ShutdownDelay, err = durationFrom(v, 0, 5*time.Minute)
			return err
		},
	},
	{
		name: "METRICS_TENANTS", takes: "NUMBER", fallback: "100",
		text: "How many tenants have time series of their own in the metrics at a time; the rest share the label \"other\". " +
			"Who comes first is named. A tenant that had no request for an hour gives its place, and its series with it, to " +
			"one that comes when all are taken. Each takes some dozens of series.",
		parse: func(c *Config, v string) (err error) { c.MetricsTenants, err = number(v, 0, 10_000); return err },
	},
}

func address(v string) (string, error) {
	const remedy = "Write it as host:port or :port, such as 127.0.0.1:8080"
	host, port, err := net.SplitHostPort(v)
	if err != nil {
		return "", flawed(remedy, "is %s, which is not an address to listen on", shown(v))
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || port != strconv.FormatUint(n, 10) {
		return "", flawed(remedy, "has the port %s, which is not a number from 0 to 65535", shown(port))
	}
	if _, err := netip.ParseAddr(host); host != "" && err != nil && !hostname.Plain(strings.ToLower(host)) {
		return "", flawed(remedy, "has the host %s, which is neither a name nor an IP address", shown(host))
	}
	return v, nil
}

// parseEnvironment reads a short name. It is shown as text and means nothing to the server.
func parseEnvironment(c *Config, v string) error {
	if utf8.RuneCountInString(v) > 20 || strings.ContainsFunc(v, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return flawed("Use a short name, such as production or staging", "must be at most 20 printable characters")
	}
	c.Environment = v
	return nil
}

// parseAdminURL reads an origin. Passkeys need a name, so an IP address will not do; and cookies without TLS are for this machine alone.
func parseAdminURL(c *Config, v string) error {
	const remedy = "Write it as https://admin.example.org, with a port if it needs one and nothing after it"
	u, err := url.Parse(v)
	if err != nil || u.Host == "" || u.User != nil || (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "" {
		return flawed(remedy, "is %s, which is not where a listener can be reached", shown(v))
	}
	host, ok := hostname.Normal(u.Host)
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); !ok || err == nil {
		return flawed(remedy, "has the host %s, which is not a name", shown(u.Host))
	}
	local := host == "localhost" || strings.HasSuffix(host, ".localhost")
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return flawed(remedy, "must begin with https://, unless its host is localhost")
	}
	c.AdminURL = u.Scheme + "://" + strings.ToLower(u.Host)
	return nil
}

// sameListener reports whether two addresses cannot be listened on at the same time. Port 0 means any free one.
func sameListener(a, b string) bool {
	hostA, portA, _ := net.SplitHostPort(a) // both were checked by address
	hostB, portB, _ := net.SplitHostPort(b)
	every := func(host string) bool {
		ip, err := netip.ParseAddr(host)
		return host == "" || err == nil && ip.IsUnspecified()
	}
	return portA == portB && portA != "0" && (hostA == hostB || every(hostA) || every(hostB))
}

func number(v string, least, most int) (int, error) {
	n, err := strconv.Atoi(v)
	if err != nil || n < least || n > most {
		return 0, flawed("Set it to a whole number from "+strconv.Itoa(least)+" to "+strconv.Itoa(most),
			"is %s, which is not in range", shown(v))
	}
	return n, nil
}

func duration(v string) (time.Duration, error) { return durationFrom(v, time.Second, 10*time.Minute) }

func durationFrom(v string, least, most time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(v)
	if err != nil {
		return 0, flawed("Write a number with its unit, such as 15s or 2m", "is %s, which is not a duration", shown(v))
	}
	if d < least || d > most {
		return 0, flawed("Set it to something from "+brief(least)+" to "+brief(most), "is %s, which is not in range", shown(v))
	}
	return d, nil
}

// brief is a duration as people write it, without the seconds that a whole number of minutes does not have.
func brief(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	return s
}

func yes(v string) (bool, error) {
	switch v {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return false, flawed("Set it to true or false", "is %s, which is neither true nor false", shown(v))
}

// headerName is a field name of the letters, digits and dashes that every proxy passes on.
var headerName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)

// takenHeaders mean something else in HTTP, and would let a client choose what it must not.
var takenHeaders = []string{
	"Authorization", "Connection", "Content-Length", "Content-Type", "Cookie", "Forwarded", "Host", "Origin", "Referer",
	"Transfer-Encoding", "X-Forwarded-Host", "X-Forwarded-Proto",
}

func header(v string) (string, error) {
	if !headerName.MatchString(v) {
		return "", flawed("Use letters, digits and dashes, such as X-Tenant", "is %s, which is not a header's name", shown(v))
	}
	name := textproto.CanonicalMIMEHeaderKey(v)
	if slices.Contains(takenHeaders, name) {
		return "", flawed("Name a header of its own", "is %s, which has another meaning", shown(v))
	}
	return name, nil
}

func parseClientIPHeader(c *Config, v string) error {
	name, err := header(v)
	if name == "X-Forwarded-For" {
		err = flawed("Count your proxies in "+prefix+"TRUSTED_PROXY_COUNT instead",
			"is %s, which holds a list and not one address", shown(v))
	}
	if err != nil {
		return err
	}
	c.TrustedClientIPHeader = name
	return nil
}

func parseSharedHosts(c *Config, v string) error {
	for part := range strings.SplitSeq(v, ",") {
		host, ok := hostname.Bare(strings.TrimSpace(part))
		if !ok {
			c.SharedHosts = nil
			return flawed("Write bare hosts with commas between, such as auth.example.org,localhost,[::1]",
				"has the entry %s, which is not a host", shown(part))
		}
		if !slices.Contains(c.SharedHosts, host) {
			c.SharedHosts = append(c.SharedHosts, host)
		}
	}
	return nil
}

func parseKeys(c *Config, v string) error {
	keys, err := secret.ParseKeys(v)
	if err != nil {
		return flawed(keyRemedy, "is not a list of keys: %s", err) // names a key by its place, and nothing of it
	}
	c.Keys = keys
	return nil
}

func parseAdminToken(c *Config, v string) error {
	const least, remedy = 32, "Make one with: openssl rand -base64 48"
	if len(v) < least {
		return flawed(remedy, "is too short: it has %d characters and needs %d", len(v), least)
	}
	if strings.ContainsFunc(v, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return flawed(remedy, "has characters that a header cannot carry, such as a space")
	}
	c.AdminToken = Hide(v)
	return nil
}

func parseMailFrom(c *Config, v string) error {
	a, err := mail.ParseAddress(v)
	if err != nil {
		return flawed("Write it as no-reply@example.org or Example <no-reply@example.org>",
			"is %s, which is not a mail address", shown(v))
	}
	c.MailFrom = *a
	return nil
}

// parseURL reads the URL of a hidden setting. The errors of net/url repeat what they could not read, so none is kept.
func parseURL(v, remedy string, schemes ...string) (*url.URL, error) {
	u, err := url.Parse(v)
	if err != nil {
		return nil, flawed("Percent-encode special characters in user and password; for example @ is %40 and # is %23",
			"is not a URL")
	}
	if !slices.Contains(schemes, u.Scheme) {
		return nil, flawed(remedy, "does not begin with %s://", strings.Join(schemes, ":// or "))
	}
	if u.Fragment != "" {
		return nil, flawed("If the # belongs to the password, write it as %23", "has a part after #, which means nothing")
	}
	return u, nil
}

func parseRedis(c *Config, v string) error {
	const remedy = "Write it as redis://user:password@host:6379/0, or rediss:// for TLS"
	u, err := parseURL(v, remedy, "redis", "rediss", "unix", "redis+cluster", "rediss+cluster", "redis+sentinel", "rediss+sentinel")
	if err != nil {
		return err
	}
	if u.Scheme != "unix" && u.Hostname() == "" || u.Scheme == "unix" && u.Path == "" {
		return flawed(remedy, "names no host")
	}
	if strings.HasSuffix(u.Scheme, "+sentinel") && u.Query().Get("master_name") == "" {
		return flawed("Add ?master_name=NAME, as the sentinels have it", "does not say which Redis the sentinels are to be asked for")
	}
	c.Redis = Hide(v)
	return nil
}

func parseSMTP(c *Config, v string) error {
	const remedy = "Write it as smtp://user:password@host:587 or smtps://user:password@host:465"
	u, err := parseURL(v, remedy, "smtp", "smtps")
	if err != nil {
		return err
	}
	if u.Hostname() == "" {
		return flawed(remedy, "names no host")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return flawed(remedy, "has a port that is not from 1 to 65535")
		}
	}
	if strings.Trim(u.Path, "/") != "" || (u.RawQuery != "" && (u.RawQuery != "starttls=require" || u.Scheme != "smtp")) {
		return flawed(remedy, "has more after the host than it should: the only option is ?starttls=require, for smtp")
	}
	if password, _ := u.User.Password(); u.User != nil && (u.User.Username() == "" || password == "") {
		return flawed(remedy, "has a user without a password, or a password without a user")
	}
	c.SMTP = Hide(v)
	return nil
}

func parseDatabase(c *Config, v string) error {
	if path, ok := strings.CutPrefix(v, sqliteScheme); ok {
		switch {
		case path == "":
			return flawed("Write it as sqlite:PATH, such as sqlite:/var/lib/vestibule/vestibule.db", "names no file")
		case strings.HasPrefix(path, "//"):
			return flawed("Write sqlite:data.db or sqlite:/var/lib/vestibule/data.db",
				"has slashes after sqlite: that are not part of a path")
		case strings.ContainsAny(path, "?#\x00"):
			return flawed("Name the file alone; the server chooses the parameters", "has parameters after the file's name")
		}
		c.Database = Hide(v)
		return nil
	}
	u, err := parseURL(v, databaseRemedy, "postgres", "postgresql")
	if err != nil {
		return err
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return flawed("Percent-encode special characters; for example & is %26", "has parameters that cannot be read")
	}
	if strings.Trim(u.Path, "/") == "" {
		return flawed(databaseRemedy, "names no database")
	}
	hosts := slices.Concat([]string{u.Hostname()}, q["host"], q["hostaddr"])
	hosts = slices.DeleteFunc(hosts, func(h string) bool { return h == "" })
	if len(hosts) == 0 {
		return flawed(databaseRemedy, "names no host") // the driver would take one from elsewhere
	}
	modes, given := q["sslmode"]
	switch {
	case !given && allLocal(hosts):
		q.Set("sslmode", "disable")
		u.RawQuery = q.Encode()
	case !given:
		return flawed("Add ?sslmode=verify-full to it, with &sslrootcert=PATH for a certificate authority of your own; "+
			"?sslmode=disable sends everything in the clear", "does not say sslmode, and its host is another machine")
	case len(modes) != 1 || !slices.Contains([]string{"disable", "require", "verify-ca", "verify-full"}, modes[0]):
		// allow and prefer fall back to plain text whenever somebody in between asks for it.
		return flawed("Use sslmode=verify-full, verify-ca, require or disable", "has an sslmode that is not accepted")
	}
	c.Database = Hide(u.String())
	return nil
}

// allLocal reports whether every host, of lists with commas too, is this machine or a unix socket.
func allLocal(hosts []string) bool {
	for _, list := range hosts {
		for host := range strings.SplitSeq(list, ",") {
			ip, err := netip.ParseAddr(host)
			local := strings.EqualFold(host, "localhost") || strings.HasPrefix(host, "/") || err == nil && ip.Unmap().IsLoopback()
			if !local {
				return false
			}
		}
	}
	return true
}
