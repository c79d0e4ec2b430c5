package post

import (
	"embed"
	"errors"
	"fmt"
	"html"
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
	if own, ok := ownTemplates(t, kind); ok {
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

// CheckTemplates tells whether a tenant's own templates for a kind can be used, by rendering them with sample data. It
// is for whoever saves them; Render does not rely on it. Where a kind comes with a link or with a code, as the tenant's
// settings have it, templates that serve one of the two will do. Its errors quote the template, and nothing else.
func CheckTemplates(kind string, own tenants.MailTemplate) error {
	k, ok := kindOf(kind, store.Mail)
	if !ok {
		return ErrUnknownKind
	}
	sample := Letter{To: "ann@example.org", Data: map[string]string{}}
	for _, v := range k.Variables {
		sample.Data[v] = "https://app.example.org/" + v
	}
	t := &tenants.Tenant{Name: "Example"}
	var refused error
	for _, without := range append([]string{""}, k.Variables...) { // a code comes without a link, and a link without a code
		l := Letter{To: sample.To, Data: map[string]string{}}
		for name, value := range sample.Data {
			if name != without {
				l.Data[name] = value
			}
		}
		vars, err := variables(t, k, l)
		if err != nil {
			continue // nothing to say: no flow queues such a letter
		}
		if _, err = renderOwn(t, k, own, vars); err == nil {
			return nil
		}
		refused = err
	}
	return refused
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

func renderOwn(t *tenants.Tenant, k Kind, own tenants.MailTemplate, vars map[string]string) (Mail, error) {
	for _, source := range []string{own.Subject, own.Text, own.HTML} {
		if err := harmless(source); err != nil {
			return Mail{}, err
		}
	}
	subject := own.Subject
	if subject == "" {
		subject = builtin(k.Name, "subject")
	}
	subject, err := execText(subject, vars)
	if err != nil {
		return Mail{}, err
	}
	m := Mail{Subject: subjectLine(prefixOf(t), subject)}
	vars["subject"] = m.Subject
	if own.Text == "" {
		text, page, err := builtinBody(k, vars)
		if err != nil {
			return Mail{}, err
		}
		m.Text = text
		if own.HTML == "" {
			m.HTML = page
		}
	} else if m.Text, err = execText(own.Text, vars); err != nil {
		return Mail{}, err
	}
	if own.HTML != "" {
		page, err := htmltemplate.New("html").Option("missingkey=error").Parse(own.HTML)
		if err != nil {
			return Mail{}, fmt.Errorf("%w: %w", ErrTemplate, err)
		}
		if m.HTML, err = exec(page, htmlVars(vars)); err != nil {
			return Mail{}, err
		}
	}
	return m, complete(m, k, vars)
}

// complete reports whether a mail still holds what it is for. A mail that lost its code is worse than a plain one.
func complete(m Mail, k Kind, vars map[string]string) error {
	for _, name := range k.Needs {
		v := vars[name]
		if v == "" {
			continue
		}
		if !strings.Contains(m.Text, v) {
			return fmt.Errorf("%w: the text leaves out {{.%s}}", ErrTemplate, name)
		}
		if m.HTML != "" && !strings.Contains(html.UnescapeString(m.HTML), v) {
			return fmt.Errorf("%w: the HTML leaves out {{.%s}}", ErrTemplate, name)
		}
	}
	return nil
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
	var b strings.Builder
	for i := range len(value) {
		c, next := value[i], byte(0)
		if i+1 < len(value) {
			next = value[i+1]
		}
		switch {
		case c > unicode.MaxASCII:
		case c == '@', c == '/' && next == '/', c == '.' && (next|0x20 >= 'a' && next|0x20 <= 'z' || next > unicode.MaxASCII):
			b.WriteByte(' ')
		default:
			b.WriteByte(c)
		}
	}
	s := oneLine(b.String(), maxVariable)
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
	p, err := texttemplate.New("text").Option("missingkey=error").Parse(source)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrTemplate, err)
	}
	return exec(p, vars)
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
