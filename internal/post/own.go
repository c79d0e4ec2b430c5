package post

import (
	"errors"
	"fmt"
	"html"
	"strings"
	"unicode/utf8"

	"github.com/vestibule-auth/vestibule/tenants"
)

// Fault is what is wrong with one part of a tenant's own template.
type Fault struct {
	Part   string // subject, text, html or sms
	Reason string // goes after the part; it quotes the template, and nothing else
}

// Faults is everything that is wrong with a tenant's own template. It is an ErrTemplate.
type Faults []Fault

// Error lists the faults.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, one := range f {
		lines[i] = one.Part + " " + one.Reason
	}
	return ErrTemplate.Error() + ": " + strings.Join(lines, "; ")
}

// Is makes it an ErrTemplate.
func (f Faults) Is(target error) bool { return target == ErrTemplate }

// err is the faults, or nil where there are none.
func (f Faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// take adds the faults that an error lists, and reports whether it was nothing else.
func (f *Faults) take(err error) bool {
	var more Faults
	if err != nil && !errors.As(err, &more) {
		return false
	}
	*f = append(*f, more...)
	return true
}

// Parts of a template, as settings call them.
const (
	subjectPart = "subject"
	textPart    = "text"
	htmlPart    = "html"
	smsPart     = "sms"
)

// CheckTemplates tells whether a tenant's own templates for a kind can be used, by rendering them with sample values. It
// is for whoever saves them; Render and RenderText do not rely on it. Where a kind comes with a link or with a code, as
// the tenant's settings have it, templates that serve one of the two will do. It returns ErrUnknownKind or Faults.
func CheckTemplates(kind string, own tenants.MailTemplate) error {
	k, ok := kindNamed(kind)
	if !ok {
		return ErrUnknownKind
	}
	t := &tenants.Tenant{Slug: "example", Name: "Example"}
	var refused error
	for _, without := range append([]string{""}, k.Needs...) { // a code comes without a link, and a link without a code
		data := samples(t, k)
		delete(data, without)
		switch _, err := renderAll(t, k, own, data); {
		case err == nil:
			return nil
		case !errors.Is(err, ErrNothingToSay): // no flow queues such a letter
			refused = err
		}
	}
	return refused
}

// renderOwn makes a mail of a tenant's own template. What it leaves out is built in, but for the HTML beside a text of the
// tenant's own, since it would say something else.
func renderOwn(t *tenants.Tenant, k Kind, own tenants.MailTemplate, vars map[string]string) (Mail, error) {
	var f Faults
	subject := own.Subject
	if subject == "" {
		subject = builtin(k.Name, "subject")
	}
	m := Mail{Subject: subjectLine(prefixOf(t), f.render(subjectPart, subject, vars, execText))}
	vars["subject"] = m.Subject
	if own.Text != "" {
		m.Text = f.render(textPart, own.Text, vars, execText)
		f.complete(textPart, m.Text, k, vars)
	}
	if own.HTML != "" {
		m.HTML = f.render(htmlPart, own.HTML, vars, execHTML)
		f.complete(htmlPart, html.UnescapeString(m.HTML), k, vars)
	}
	if own.Text == "" {
		text, page, err := builtinBody(k, vars)
		if err != nil {
			return Mail{}, err
		}
		m.Text = text
		if own.HTML == "" {
			m.HTML = page
		}
	}
	return m, f.err()
}

// maxText is the most characters of a text: carriers take no more, and cut it into as many as ten.
const maxText = 1600

// renderText makes a text of a tenant's own template or, where that is empty, of the built-in one. A text of a tenant's own
// may have lines, as those have that browsers read codes from.
func renderText(k Kind, source string, vars map[string]string) (string, error) {
	if source == "" {
		text, err := execText(builtin(k.Name, "sms"), vars)
		return strings.TrimSpace(text), err
	}
	var f Faults
	text := strings.TrimSpace(strings.ReplaceAll(f.render(smsPart, source, vars, execText), "\r\n", "\n"))
	f.complete(smsPart, text, k, vars)
	switch {
	case len(f) > 0:
	case text == "":
		f = Faults{{smsPart, "comes out empty"}}
	case utf8.RuneCountInString(text) > maxText:
		f = Faults{{smsPart, fmt.Sprintf("makes more than %d characters", maxText)}}
	}
	return text, f.err()
}

// render executes one part, unless it is not harmless.
func (f *Faults) render(part, source string, vars map[string]string, exec func(string, map[string]string) (string, error)) string {
	if err := harmless(source, vars); err != nil {
		*f = append(*f, Fault{part, err.Error()})
		return ""
	}
	s, err := exec(source, vars)
	if err != nil {
		reason := strings.TrimPrefix(err.Error(), ErrTemplate.Error()+": ")
		*f = append(*f, Fault{part, "fails: " + strings.TrimPrefix(reason, "template: template:")})
		return ""
	}
	return s
}

// complete reports whether a part still holds what the message is for. A mail that lost its code is worse than a plain one.
func (f *Faults) complete(part, rendered string, k Kind, vars map[string]string) {
	if len(*f) > 0 && (*f)[len(*f)-1].Part == part {
		return // it did not come out at all
	}
	for _, name := range k.Needs {
		if v := vars[name]; v != "" && !strings.Contains(rendered, v) {
			*f = append(*f, Fault{part, "leaves out {{." + name + "}}"})
		}
	}
}
