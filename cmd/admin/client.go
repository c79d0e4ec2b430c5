package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vestibule-auth/vestibule/internal/admin"
)

// What bodies are made of.
const (
	typeJSON  = "application/json"
	typePatch = "application/merge-patch+json"
	typeYAML  = "application/yaml"
)

// patience is how long an answer may take.
const patience = 30 * time.Second

// mostInAnswer bounds an answer: a page of the largest tenants has room in it.
const mostInAnswer = 128 << 20

// apiFlags are the flags of every command that asks a running server, so that it sees each change at once.
type apiFlags struct{ url, token, output string }

const defaultURL = "http://127.0.0.1:9090"

// add gives a command and those below it the flags.
func (f *apiFlags) add(cmd *cobra.Command) {
	p := cmd.PersistentFlags()
	p.StringVar(&f.url, "url", "", "where the admin API is (default $VESTIBULE_ADMIN_URL, or "+defaultURL+")")
	p.StringVar(&f.token, "token", "", "the admin token (default $VESTIBULE_ADMIN_TOKEN, or what $VESTIBULE_ADMIN_TOKEN_FILE holds)")
	p.StringVarP(&f.output, "output", "o", asTable, "how to print: table, json or yaml")
	cmd.PersistentPreRunE = func(*cobra.Command, []string) error {
		return checkOutput(f.output)
	}
}

func (t *tool) client(f *apiFlags) (*client, error) {
	base, err := t.setting(f.url, "VESTIBULE_ADMIN_URL")
	if err != nil {
		return nil, err
	}
	if base == "" {
		base = defaultURL
	}
	token, err := t.setting(f.token, "VESTIBULE_ADMIN_TOKEN")
	if err != nil {
		return nil, err
	}
	return newClient(base, token)
}

// client talks to the admin API.
type client struct {
	base  string // without a slash at its end
	token string
	http  *http.Client
}

func newClient(base, token string) (*client, error) {
	u, err := url.Parse(base)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.User != nil {
		return nil, errors.New("--url must be such as http://127.0.0.1:9090")
	}
	if token == "" {
		return nil, errors.New("a token is needed: give VESTIBULE_ADMIN_TOKEN, VESTIBULE_ADMIN_TOKEN_FILE or --token")
	}
	return &client{
		base: strings.TrimRight(base, "/"), token: token,
		http: &http.Client{
			Timeout: patience,
			// The API never redirects, and the token is for nobody else.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// request is one request to the API.
type request struct {
	method, path string
	mediaType    string // of the body
	ifMatch      string
	body         any // nil: none; bytes are sent as they are
}

// do sends a request and returns the answer's body, or what the API had against it.
func (c *client) do(ctx context.Context, q request) ([]byte, error) {
	answer, err := c.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }() // it was only read
	b, err := io.ReadAll(io.LimitReader(answer.Body, mostInAnswer))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return b, nil
}

// stream sends a request and copies the answer's body as it comes, however long that takes.
func (c *client) stream(ctx context.Context, q request, out io.Writer) error {
	patient := *c
	patient.http = &http.Client{CheckRedirect: c.http.CheckRedirect, Transport: c.http.Transport}
	answer, err := patient.ask(ctx, q)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }() // it was only read
	if _, err := io.Copy(out, answer.Body); err != nil {
		return fmt.Errorf("the answer broke off: %w", err)
	}
	return nil
}

// ask sends a request and returns the answer, or what the API had against it.
func (c *client) ask(ctx context.Context, q request) (*http.Response, error) {
	var body io.Reader
	if q.body != nil {
		b, raw := q.body.([]byte)
		if !raw {
			var err error
			if b, err = json.Marshal(q.body); err != nil {
				return nil, fmt.Errorf("write the request: %w", err)
			}
		}
		body = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, q.method, c.base+"/admin/v1"+q.path, body)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	if q.body != nil {
		r.Header.Set("Content-Type", q.mediaType)
	}
	if q.ifMatch != "" {
		r.Header.Set("If-Match", q.ifMatch)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("the admin API cannot be reached (is the server running, and --url right?): %w", err)
	}
	if answer.StatusCode/100 != 2 {
		defer func() { _ = answer.Body.Close() }() // it was only read
		b, err := io.ReadAll(io.LimitReader(answer.Body, mostInAnswer))
		if err != nil {
			return nil, fmt.Errorf("read the answer: %w", err)
		}
		return nil, declined(answer, b)
	}
	return answer, nil
}

// declined is what the API had against a request, fault by fault.
func declined(answer *http.Response, body []byte) error {
	var p struct {
		Title, Detail string
		Errors        []admin.Fault
		RequestID     string `json:"request_id"`
	}
	if json.Unmarshal(body, &p) != nil || p.Title == "" {
		return fmt.Errorf("the server at --url answered %s, which is not what the admin API says", answer.Status)
	}
	var b strings.Builder
	b.WriteString(p.Title)
	for _, f := range p.Errors {
		b.WriteString("\n  " + f.String())
	}
	if len(p.Errors) == 0 && p.Detail != "" {
		b.WriteString(" " + p.Detail)
	}
	if answer.StatusCode >= http.StatusInternalServerError && p.RequestID != "" {
		b.WriteString(" (request " + p.RequestID + ")")
	}
	return errors.New(b.String())
}

// answerTo sends one request to the API that the flags name.
func (t *tool) answerTo(ctx context.Context, f *apiFlags, q request) ([]byte, error) {
	c, err := t.client(f)
	if err != nil {
		return nil, err
	}
	return c.do(ctx, q)
}

// ask sends a request and reads the answer into out, which show then prints, unless programs are to read it as it came.
func (t *tool) ask(ctx context.Context, f *apiFlags, q request, out any, show func() error) error {
	answer, err := t.answerTo(ctx, f, q)
	if err != nil {
		return err
	}
	if out != nil {
		if err := json.Unmarshal(answer, out); err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
	}
	switch {
	case f.output == asTable:
		return show()
	case len(answer) == 0:
		return nil
	default:
		return t.printAs(f.output, answer)
	}
}
