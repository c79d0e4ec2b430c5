package post

import (
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	texttemplate "text/template"
	"time"
	"unicode"

	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Letter is the body of a queued message, before it is sealed. Besides the variables of its kind, Data may have the time
// from which on there is no use in it any more, under "expires" (RFC 3339).
type Letter struct {
	To   string            `json:"to"`   // an email address or a phone number, exactly as it is stored
	Data map[string]string `json:"data"` // the variables of its kind

	Trace string `json:"trace,omitempty"` // what queued it, as a traceparent; "" where that was not traced
}

// expired reports whether there is no use in the letter any more. What is not a time is none.
func (l Letter) expired(now time.Time) bool {
	end, err := time.Parse(time.RFC3339, l.Data["expires"])
	return err == nil && !now.Before(end)
}

// Mail is a rendered mail.
type Mail struct {
	Subject string // one line, with the tenant's prefix
	Text    string // lines end in \n
	HTML    string // empty: the mail has a text part only
	// Override says why the tenant's own templates were passed over for the built-in ones; nil when they were not.
	Override error
}

// The reasons why a letter cannot be rendered. No later attempt would be any better.
var (
	ErrUnknownKind  = errors.New("post: there is no such kind of message")
	ErrNothingToSay = errors.New("post: the letter has neither a code nor a link")
	ErrTemplate     = errors.New("post: the template cannot be used")
)

// Bounds of a rendered mail, in bytes. A template may repeat a variable, but not without end.
const (
	maxSource   = 64 << 10
	maxRendered = 512 << 10
	maxSubject  = 200 // characters
	maxVariable = 4 << 10
	maxProgram  = 120 // characters of what a client says that it is
)

//go:embed templates/*.tmpl
var files embed.FS

// builtin reads one of the embedded files.
func builtin(kind, part string) string {
	b, err := files.ReadFile("templates/" + kind + "." + part + ".tmpl")
	if err != nil {
		panic("post: " + err.Error()) // a test renders every part of every kind
	}
	return string(b)
}

// layout is the page around the built-in HTML parts, parsed once.
var layout = sync.OnceValue(func() *htmltemplate.Template {
	return htmltemplate.Must(htmltemplate.New("layout").Option("missingkey=error").Parse(builtin("layout", "html")))
})

// Render makes the mail of a letter. A tenant's own templates are used where there are any: a text without an HTML of
// its own makes a mail without HTML, since the built-in HTML would say something else. If one of them fails, or leaves
// out the code or the link that the mail is for, the whole mail is the built-in one, and Mail.Override says why.
func Render(t *tenants.Tenant, kind string, l Letter) (Mail, error) {
	k, ok := kindOf(kind, store.Mail)
	if !ok {
		return Mail{}, ErrUnknownKind
	}
	vars, err := variables(t, k, l)
	if err != nil {
		return Mail{}, err
	}
	var why error
	if own, ok := ownMail(t, kind); ok {
		m, err := renderOwn(t, k, own, vars)
		if err == nil {
			return m, nil
		}
		why = err
	}
	m, err := renderBuiltin(t, k, vars)
	m.Override = why
	return m, err
}

func renderBuiltin(t *tenants.Tenant, k Kind, vars map[string]string) (Mail, error) {
	subject, err := execText(builtin(k.Name, "subject"), vars)
	if err != nil {
		return Mail{}, err
	}
	m := Mail{Subject: subjectLine(prefixOf(t), subject)}
	vars["subject"] = m.Subject
	m.Text, m.HTML, err = builtinBody(k, vars)
	return m, err
}

func builtinBody(k Kind, vars map[string]string) (text, page string, err error) {
	// What several texts share is in templates/layout.txt.tmpl.
	if text, err = execText(builtin("layout", "txt")+builtin(k.Name, "txt"), vars); err != nil {
		return "", "", err
	}
	p, err := layout().Clone()
	if err != nil {
		return "", "", fmt.Errorf("%w: %w", ErrTemplate, err)
	}
	if p, err = p.Parse(builtin(k.Name, "html")); err != nil {
		return "", "", fmt.Errorf("%w: %w", ErrTemplate, err)
	}
	page, err = exec(p, htmlVars(vars))
	return text, page, err
}

// variables is what the templates of a kind may name, each with a value, if an empty one: a template that names
// anything else fails. Values are made of one line, so that none can add lines to a mail.
func variables(t *tenants.Tenant, k Kind, l Letter) (map[string]string, error) {
	b := t.Settings.Branding
	vars := map[string]string{
		"tenant": oneLine(nameOf(t), maxSubject), "email": oneLine(l.To, maxVariable), "subject": "",
		"logo_url": secureURL(b.LogoURL), "colour": b.Colour, "on_colour": "#ffffff",
	}
	if !colour.MatchString(b.Colour) {
		vars["colour"] = "#2459b3"
	}
	if bright(vars["colour"]) {
		vars["on_colour"] = "#000000"
	}
	for _, name := range k.Variables {
		vars[name] = variable(name, l.Data[name])
	}
	for _, name := range k.Needs {
		if vars[name] != "" {
			return vars, nil
		}
	}
	if len(k.Needs) > 0 {
		return nil, ErrNothingToSay
	}
	return vars, nil
}

// variable is the value of a variable as templates get it. Links and codes are the server's; what else there is, people
// or their programs choose, and the server must not mail anybody's advertisement.
func variable(name, value string) string {
	value = oneLine(value, maxVariable)
	switch {
	case isLink(name) || name == "code":
		return value
	case name == "user_agent":
		return program(value)
	case strings.Contains(value, "://") || strings.Contains(strings.ToLower(value), "www."):
		return ""
	}
	return value
}

// program is what a client says that it is, so that no mail program makes a link of any of it: ASCII alone, no @ and no
// slashes in a row, and no dot before a letter, as every domain has one. Versions stay as they are.
func program(value string) string {
	ascii := strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII {
			return -1
		}
		return r
	}, value)
	b := []byte(ascii)
	for i, c := range b {
		next := byte(0)
		if i+1 < len(b) {
			next = b[i+1]
		}
		if c == '@' || c == '/' && next == '/' || c == '.' && (next|0x20) >= 'a' && (next|0x20) <= 'z' {
			b[i] = ' '
		}
	}
	s := oneLine(string(b), maxVariable)
	if len(s) > maxProgram {
		s = strings.TrimSpace(s[:maxProgram-3]) + "..."
	}
	return s
}

// htmlVars marks links as such. html/template lets http, https and mailto through by itself; an app's own scheme, such
// as acme://verify, is a link as well, unless it is one that runs or holds content.
func htmlVars(vars map[string]string) map[string]any {
	out := make(map[string]any, len(vars))
	for name, v := range vars {
		out[name] = v
		if !isLink(name) {
			continue
		}
		u, err := url.Parse(v)
		if err != nil {
			continue
		}
		switch u.Scheme {
		case "", "http", "https", "mailto", "javascript", "vbscript", "data", "blob", "file", "about", "view-source":
		default:
			out[name] = htmltemplate.URL(v) // #nosec G203 -- the scheme was looked at
		}
	}
	return out
}

// oneLine makes runs of white space, line breaks among them, one space each, drops other control characters and those
// that turn the direction of writing around, and cuts at a bound of bytes.
func oneLine(s string, limit int) string {
	s = strings.ToValidUTF8(s, "")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x200e, r == 0x200f:
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "")
	}
	return s
}

// subjectLine is the one line of a subject. Nothing in it can begin another header.
func subjectLine(prefix, subject string) string {
	s := []rune(oneLine(prefix+strings.TrimSpace(subject), maxRendered))
	if len(s) > maxSubject {
		s = append(s[:maxSubject-1], '…')
	}
	return string(s)
}

var colour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// bright reports whether black reads better than white on a colour (WCAG 2.2, relative luminance, without its gamma).
func bright(c string) bool {
	n, err := strconv.ParseUint(strings.TrimPrefix(c, "#"), 16, 32)
	if err != nil {
		return false
	}
	r, g, b := n>>16&0xff, n>>8&0xff, n&0xff
	return 2126*r+7152*g+722*b > 10000*150
}

// secureURL is s if it is an https link, and nothing otherwise.
func secureURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return ""
	}
	return s
}

func execText(source string, vars map[string]string) (string, error) {
	p, err := texttemplate.New("template").Option("missingkey=error").Parse(source)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrTemplate, err)
	}
	return exec(p, vars)
}

func execHTML(source string, vars map[string]string) (string, error) {
	p, err := htmltemplate.New("template").Option("missingkey=error").Parse(source)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrTemplate, err)
	}
	return exec(p, htmlVars(vars))
}

func exec(p interface{ Execute(io.Writer, any) error }, vars any) (string, error) {
	var b bounded
	if err := p.Execute(&b, vars); err != nil {
		return "", fmt.Errorf("%w: %w", ErrTemplate, err)
	}
	return b.String(), nil
}

// bounded is a buffer that refuses to grow past maxRendered.
type bounded struct{ strings.Builder }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxRendered {
		return 0, fmt.Errorf("it makes more than %d bytes", maxRendered)
	}
	return b.Builder.Write(p)
}

// WriteString keeps io.WriteString from going past Write.
func (b *bounded) WriteString(s string) (int, error) { return b.Write([]byte(s)) }
