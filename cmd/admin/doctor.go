package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/vestibule-auth/vestibule/internal/admin"
)

// doctorFlags are the flags of admin doctor.
type doctorFlags struct {
	apiFlags
	tenant, origin string
	noProbe        bool
}

// probePatience is how long a public URL may take to answer.
const probePatience = 15 * time.Second

// doctorCommand is admin doctor, which looks at a public URL from outside and from inside.
func (t *tool) doctorCommand() *cobra.Command {
	f := &doctorFlags{}
	cmd := &cobra.Command{Use: "doctor URL", Args: cobra.ExactArgs(1),
		Short: "Say how requests to a public URL are understood, and which setting mends what is wrong",
		Long: "Say how requests to a public URL are understood, and which setting mends what is wrong.\n\n" +
			"A request is sent to the URL from here, and the server tells what arrived of it. Run it from where people are: outside of the\n" +
			"private network. The exit status is 1 if there is a problem.",
		RunE: does(func(ctx context.Context, args []string) error { return t.examine(ctx, f, args[0]) })}
	f.add(cmd)
	cmd.Flags().StringVar(&f.tenant, "tenant", "", "the tenant that it is meant for; needed on hosts that tenants share")
	cmd.Flags().StringVar(&f.origin, "origin", "", "the origin of a front end that is to use it, such as https://app.example.org")
	cmd.Flags().BoolVar(&f.noProbe, "no-probe", false, "send nothing to the URL, and look at the settings alone")
	return cmd
}

func (t *tool) examine(ctx context.Context, f *doctorFlags, target string) error {
	q := url.Values{"url": {target}}
	if f.origin != "" {
		q.Set("origin", f.origin)
	}
	var outside []admin.Check
	if !f.noProbe {
		answer, err := t.answerTo(ctx, &f.apiFlags, request{method: http.MethodPost, path: "/doctor/probes"})
		if err != nil {
			return err
		}
		var p admin.ProbeRequest
		if err := json.Unmarshal(answer, &p); err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
		if outside, err = probe(ctx, f, target, p); err != nil {
			return err
		}
		q.Set("probe", p.Probe)
	}
	path := "/doctor"
	if f.tenant != "" {
		path = tenantPath(f.tenant) + path
	}
	answer, err := t.answerTo(ctx, &f.apiFlags, request{method: http.MethodGet, path: path + "?" + q.Encode()})
	if err != nil {
		return err
	}
	var d admin.Diagnosis
	if err := json.Unmarshal(answer, &d); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	d.Checks = append(outside, d.Checks...)
	if err := t.printDiagnosis(f, d); err != nil {
		return err
	}
	for _, c := range d.Checks {
		if c.Level == admin.Problem {
			return errQuiet
		}
	}
	return nil
}

// probe sends the probe and says what is wrong with how it was answered.
func probe(ctx context.Context, f *doctorFlags, target string, p admin.ProbeRequest) ([]admin.Check, error) {
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return nil, errors.New("the URL must be such as https://login.example.org")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.Scheme+"://"+u.Host+p.Path, nil)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	for name, value := range p.Headers {
		r.Header.Set(name, value)
	}
	if f.tenant != "" && p.TenantHeader != "" {
		r.Header.Set(p.TenantHeader, f.tenant)
	}
	if f.origin != "" {
		r.Header.Set("Origin", f.origin)
	}
	c := &http.Client{Timeout: probePatience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := c.Do(r)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return []admin.Check{{Subject: "answer", Level: admin.Problem, Message: "The URL cannot be reached from here: " + err.Error() + ".",
			Remedy: "See to its name, its port and its certificate."}}, nil
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<20)) // what it says is known; its headers count
	_ = answer.Body.Close()                                        // it was only read
	return answered(f, u, answer), nil
}

// answered says what is wrong with an answer to a probe.
func answered(f *doctorFlags, u *url.URL, a *http.Response) (all []admin.Check) {
	say := func(level admin.Level, message, remedy string) {
		all = append(all, admin.Check{Subject: "answer", Level: level, Message: message, Remedy: remedy})
	}
	switch {
	case a.StatusCode/100 == 3:
		say(admin.Problem, fmt.Sprintf("The URL leads on to %s (%d), and clients of the API do not follow.", a.Header.Get("Location"), a.StatusCode),
			"Use the URL that it leads to, or have the proxy pass requests on.")
	case a.Header.Get("X-Request-Id") == "":
		say(admin.Problem, fmt.Sprintf("Something that is not this server answered (%d).", a.StatusCode), "Have the proxy pass /_allauth/ on to the public listener.")
	case a.StatusCode != http.StatusOK:
		say(admin.Problem, fmt.Sprintf("The answer is %d.", a.StatusCode), "The checks below say why, and the server's log.")
	default:
		say(admin.Fine, "The URL answers.", "")
	}
	if a.Header.Get("X-Request-Id") == "" {
		return all
	}
	if allowed := a.Header.Values("Access-Control-Allow-Origin"); f.origin != "" && a.StatusCode == http.StatusOK && (len(allowed) != 1 || allowed[0] != f.origin) {
		say(admin.Problem, fmt.Sprintf("The answer does not let pages of %s read it: Access-Control-Allow-Origin is %q.", f.origin, strings.Join(allowed, ", ")),
			"Add the origin to cors.allowed_origins; if it is there, have the proxy leave the header alone, and add none of its own.")
	}
	for _, c := range a.Cookies() {
		if u.Scheme == "https" && !c.Secure {
			say(admin.Warning, fmt.Sprintf("The cookie %s may be sent over http.", c.Name), "Set cookies.secure to true, or public_url to the https URL.")
		}
	}
	return all
}

func (t *tool) printDiagnosis(f *doctorFlags, d admin.Diagnosis) error {
	if f.output != asTable {
		return t.object(&f.apiFlags, d)
	}
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	for _, c := range d.Checks { // Flush tells what went wrong
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", c.Level, c.Subject, plain(c.Message))
		switch {
		case c.Setting != "" && c.Remedy != "":
			_, _ = fmt.Fprintf(table, "\t\t-> %s: %s\n", c.Setting, plain(c.Remedy))
		case c.Remedy != "":
			_, _ = fmt.Fprintf(table, "\t\t-> %s\n", plain(c.Remedy))
		}
	}
	return table.Flush()
}
