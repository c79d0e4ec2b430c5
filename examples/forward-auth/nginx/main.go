// Command nginx shows nginx.conf, which is beside it, at work on this machine: nginx asks the demo tenant of a server for development about
// each request to a small application, and tells the application who it is from.
//
//	make run                          # in the folder above examples, and leave it running
//	go run ./forward-auth/nginx       # in examples
//
// It needs nginx, and neither root nor names in /etc/hosts: all is on localhost, each on a port of its own. The session cookie of localhost
// is for all of them, as cookies ignore ports (RFC 6265, section 8.5). In production a cookie domain does that (docs/forward-auth.md).
// Ctrl-C stops everything.
package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		_, _ = fmt.Fprintln(os.Stderr, "nginx example:", err) // there is nowhere else to say so
		os.Exit(1)
	}
}

// places are where everything is.
type places struct {
	server *url.URL // the demo tenant
	app    string   // where nginx listens for the application: a port
	behind string   // the application itself: host and port
	front  string   // where people sign in: a port
	dir    string   // of nginx's files
}

func (p places) appURL() string   { return "http://localhost:" + p.app }
func (p places) frontURL() string { return "http://localhost:" + p.front }

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("nginx", flag.ContinueOnError)
	server := flags.String("server", "http://localhost:8080", "the demo tenant's `URL`")
	p := places{}
	flags.StringVar(&p.app, "app", "4000", "the `port` that the application is opened at")
	flags.StringVar(&p.front, "front", "3000", "the `port` of the page to sign in with, whose origin is in the tenant's cors.allowed_origins")
	program := flags.String("nginx", "", "the nginx to run; one that is installed if none is given")
	err := flags.Parse(args)
	if err != nil {
		return err
	}
	if p.server, err = url.Parse(*server); err != nil || p.server.Scheme != "http" || p.server.Host == "" {
		return errors.New("-server must be like http://localhost:8080: this shows everything without TLS")
	}
	if *program == "" {
		if *program = installed(); *program == "" {
			return errors.New("nginx is not installed. Debian and Ubuntu: apt-get install nginx; macOS: brew install nginx; " +
				"or name one with -nginx")
		}
	}
	if err := p.ready(ctx); err != nil {
		return err
	}
	if p.dir, err = os.MkdirTemp("", "vestibule-nginx-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(p.dir) }()
	return p.serve(ctx, *program, out)
}

// installed is the path of nginx, or "". Debian has it where not everybody looks for programs.
func installed() string {
	for _, name := range []string{"nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx", "/opt/homebrew/bin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// ready is what stands in the way: the tenant does not answer, or does not to the page on which people sign in.
func (p places) ready(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.server.JoinPath("/_allauth/browser/v1/config").String(), http.NoBody)
	if err != nil {
		return err
	}
	r.Header.Set("Origin", p.frontURL())
	resp, err := (&http.Client{Timeout: 10 * time.Second}).Do(r)
	if err != nil {
		return fmt.Errorf("%w. `make run` starts a server with the demo tenant", err)
	}
	_ = resp.Body.Close()
	switch {
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("there is no tenant at %s: it answers %s", p.server, resp.Status)
	case resp.Header.Get("Access-Control-Allow-Origin") != p.frontURL():
		return fmt.Errorf("the tenant's cors.allowed_origins do not list %s, where people are to sign in. "+
			"Add it, or choose one of them with -front", p.frontURL())
	}
	return nil
}

// serve runs the application, the page to sign in with, and nginx, until the context is over or nginx ends.
func (p places) serve(ctx context.Context, program string, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	behind, err := listen(ctx, "127.0.0.1:0", http.HandlerFunc(p.application))
	if err != nil {
		return err
	}
	p.behind = behind
	if _, err := listen(ctx, "localhost:"+p.front, p.signIn()); err != nil {
		return fmt.Errorf("%w. Choose another port with -front", err)
	}
	if err := free(ctx, "127.0.0.1:"+p.app); err != nil { // nginx would try for some seconds
		return fmt.Errorf("%w. Choose another port with -app", err)
	}
	conf, err := p.configuration()
	if err != nil {
		return err
	}
	at := filepath.Join(p.dir, "nginx.conf")
	if err := os.WriteFile(at, []byte(conf), 0o600); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, program, "-p", p.dir, "-c", at, "-e", "stderr", "-g",
		"daemon off; master_process off; error_log stderr; pid "+filepath.Join(p.dir, "pid")+";")
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // which nginx takes for a fast, clean stop
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, `
  Open %[1]s

  nginx sends whoever is not signed in to %[2]s; sign up there, and open it again.
  An app is let in by its session token:  curl -H 'X-Session-Token: TOKEN' %[1]s

  Stop with Ctrl-C.

`, p.appURL(), p.frontURL())
	if ended := cmd.Wait(); err == nil && ctx.Err() == nil {
		err = fmt.Errorf("nginx ended: %w", ended)
	}
	return err
}

// listen serves a handler until the context is over, and is where it does.
func listen(ctx context.Context, addr string, handler http.Handler) (string, error) {
	var listening net.ListenConfig
	l, err := listening.Listen(ctx, "tcp", addr)
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	go func() { _ = server.Serve(l) }() // until it is closed
	return l.Addr().String(), nil
}

// free is why nobody can listen at an address; nil where somebody can.
func free(ctx context.Context, addr string) error {
	var listening net.ListenConfig
	l, err := listening.Listen(ctx, "tcp", addr)
	if err == nil {
		err = l.Close()
	}
	return err
}

// production is the example as it is used in production.
//
//go:embed nginx.conf
var production string

// configuration is the same file with nothing changed but where things are, and where a user without rights can write.
func (p places) configuration() (string, error) {
	writable := "http {\n    access_log off;\n"
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		writable += fmt.Sprintf("    %s_temp_path %s;\n", kind, filepath.Join(p.dir, kind))
	}
	text := production
	for _, change := range [][2]string{
		{"http {\n", writable},
		{"listen 80;", "listen 127.0.0.1:" + p.app + ";"},
		{"server_name app.acme.example;", "server_name localhost;"},
		{"server 127.0.0.1:8080;", "server " + p.server.Host + ";"},
		{"server 127.0.0.1:3000;", "server " + p.behind + ";"},
		{"proxy_set_header Host login.acme.example;", "proxy_set_header Host " + p.server.Host + ";"},
		{"return 302 https://login.acme.example/;", "return 302 " + p.frontURL() + "/;"},
	} {
		if n := strings.Count(text, change[0]); n != 1 {
			return "", fmt.Errorf("nginx.conf has %q %d times, and not once", change[0], n)
		}
		text = strings.Replace(text, change[0], change[1], 1)
	}
	return text, nil
}
