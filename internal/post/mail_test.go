package post

import (
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

var update = flag.Bool("update", false, "write testdata anew")

// letters are what flows queue, by the name of the file that shows the result.
var letters = map[string]struct {
	kind string
	data map[string]string
}{
	"email_confirmation_signup":      {"email_confirmation_signup", map[string]string{"url": longLink, "display": "ann"}},
	"email_confirmation_signup_code": {"email_confirmation_signup", map[string]string{"code": "BCDF-GHJK", "display": "ann"}},
	"email_confirmation":             {"email_confirmation", map[string]string{"url": longLink}},
	"email_confirmation_code":        {"email_confirmation", map[string]string{"code": "123456"}},
	"account_already_exists":         {"account_already_exists", map[string]string{"password_reset_url": "https://app.example.org/password/reset"}},
	"account_already_exists_bare":    {"account_already_exists", nil},
	"unknown_account":                {"unknown_account", map[string]string{"signup_url": "https://app.example.org/signup"}},
	"unknown_account_bare":           {"unknown_account", nil},
	"login_code":                     {"login_code", map[string]string{"code": "BCDF-GHJK"}},
	"password_reset_key":             {"password_reset_key", map[string]string{"url": longLink, "display": "ann"}},
	"invitation":                     {"invitation", map[string]string{"url": longLink, "display": "ann"}},
	"password_reset_code":            {"password_reset_code", map[string]string{"code": "123456"}},
	"password_changed":               {"password_changed", changed(nil)},
	"password_changed_bare":          {"password_changed", nil},
	"password_set":                   {"password_set", changed(nil)},
	"password_reset":                 {"password_reset", changed(nil)},
	"email_changed":                  {"email_changed", changed(map[string]string{"from_email": "ann@example.org", "to_email": "ann@example.com"})},
	"email_changed_bare":             {"email_changed", nil},
	"email_deleted":                  {"email_deleted", changed(map[string]string{"deleted_email": "ann@example.com"})},
	"phone_changed":                  {"phone_changed", changed(map[string]string{"from_phone": "+31612345678", "to_phone": "+31687654321"})},
	"totp_activated":                 {"totp_activated", changed(nil)},
	"totp_deactivated":               {"totp_deactivated", changed(nil)},
	"recovery_codes_generated":       {"recovery_codes_generated", changed(nil)},
	"webauthn_added":                 {"webauthn_added", changed(nil)},
	"webauthn_removed":               {"webauthn_removed", changed(nil)},
	"account_connected":              {"account_connected", changed(map[string]string{"provider": "GitHub"})},
	"account_disconnected":           {"account_disconnected", changed(nil)},
	"phone_changed_added":            {"phone_changed", changed(map[string]string{"to_phone": "+31687654321"})},
}

// changed is what a mail about a change to an account is filled in with.
func changed(more map[string]string) map[string]string {
	data := map[string]string{
		"at": "23 November 2026, 10:00 UTC", "ip": "198.51.100.7", "password_reset_url": "https://app.example.org/password/reset",
		"user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
	}
	maps.Copy(data, more)
	return data
}

func branded(t *testing.T) *tenants.Tenant {
	a := acme(t, "acme")
	a.Settings.Branding = tenants.Branding{Name: "Acme & Sons", LogoURL: "https://cdn.example.org/logo.png?a=1&b=2", Colour: "#ffcc00"}
	return a
}

func TestMailsLookAsTheyShould(t *testing.T) {
	covered := map[string]bool{}
	for name, l := range letters {
		covered[l.kind] = true
		a := acme(t, "acme")
		if strings.HasSuffix(name, "_code") {
			a = branded(t)
		}
		m, err := Render(a, l.kind, Letter{To: "ann@example.org", Data: l.data})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		golden(t, name+".txt", "Subject: "+m.Subject+"\n\n"+m.Text)
		golden(t, name+".html", m.HTML)
	}
	for _, k := range Kinds() {
		if slices.Contains(k.Channels, store.Mail) && !covered[k.Name] {
			t.Errorf("no letter shows %s", k.Name)
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s has changed (go test -update writes it anew); now:\n%s", name, got)
	}
}

func TestCodesAndLinksHaveALineOfTheirOwn(t *testing.T) {
	for name, l := range letters {
		m, err := Render(acme(t, "acme"), l.kind, Letter{To: "ann@example.org", Data: l.data})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for v, value := range l.data {
			if v == "display" {
				continue
			}
			own := func(line string) bool {
				return line == value || v != "code" && !isLink(v) && strings.HasSuffix(line, ": "+value)
			}
			if !slices.ContainsFunc(strings.Split(m.Text, "\n"), own) {
				t.Errorf("%s: %s is not on a line of its own in the text:\n%s", name, v, m.Text)
			}
			links, text, _ := page(t, m.HTML)
			if !strings.Contains(text, value) {
				t.Errorf("%s: %s cannot be seen in the HTML: %q", name, v, text)
			}
			if isLink(v) && !slices.Contains(links, value) {
				t.Errorf("%s: %s is no link of the HTML: %q", name, v, links)
			}
		}
	}
}

// page is what a browser makes of an HTML mail: where it links to, what it says, and whatever of it could run.
func page(t *testing.T, source string) (links []string, text string, active []string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for n := range root.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "style" {
			b.WriteString(n.Data)
		}
		if n.Type != html.ElementNode {
			continue
		}
		if slices.Contains([]string{"script", "iframe", "object", "embed", "svg", "form", "base", "link"}, n.Data) {
			active = append(active, "<"+n.Data+">")
		}
		for _, a := range n.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"):
				active = append(active, n.Data+" "+a.Key)
			case a.Key == "href" && n.Data == "a":
				links = append(links, a.Val)
				if strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
					active = append(active, a.Val)
				}
			case a.Key == "src":
				links = append(links, a.Val)
			case a.Key == "style" && strings.Contains(a.Val, "url("):
				active = append(active, a.Val)
			}
		}
	}
	return links, b.String(), active
}

func TestHostileValuesAreHarmless(t *testing.T) {
	hostile := []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, `javascript:alert(1)`,
		`JaVaScRiPt:alert(1)`, "java\nscript:alert(1)", `data:text/html,<script>alert(1)</script>`, `{{.url}}{{range 9}}`,
		`</title></style><script>alert(1)</script>`, `#fff;background:url(https://evil.example/x)`, `vbscript:x`,
		"\r\n\r\n<b>x</b>", "http://evil.example/x.png", `expression(alert(1))`, "\u202eexe.gpj\u202c", "\x00\x1b[31m\xff",
	}
	for _, h := range hostile {
		a := acme(t, "acme")
		a.Name = h
		a.Settings.Branding = tenants.Branding{Name: h, LogoURL: h, Colour: h}
		a.Settings.Account.EmailSubjectPrefix = &h
		for _, k := range Kinds() {
			if !slices.Contains(k.Channels, store.Mail) {
				continue
			}
			data := map[string]string{}
			for _, v := range k.Variables {
				data[v] = h
			}
			for _, own := range []bool{false, true} {
				if own {
					a.Settings.Email.Templates = map[string]tenants.MailTemplate{k.Name: {
						Subject: "{{.display}} {{.tenant}}",
						Text:    "{{.display}} {{.code}} {{.url}}",
						HTML:    `<title>{{.subject}}</title><p title="{{.tenant}}">{{.display}}</p><a href="{{.url}}">{{.code}} {{.url}}</a>`,
					}}
				}
				m, err := Render(a, k.Name, Letter{To: h, Data: data})
				if err != nil {
					t.Fatalf("%s with %q: %v", k.Name, h, err)
				}
				if _, _, active := page(t, m.HTML); len(active) > 0 {
					t.Errorf("%s with %q holds %q", k.Name, h, active)
				}
				if strings.ContainsAny(m.Subject, "\r\n\x00") || strings.ContainsAny(m.Text, "\r\x00\x1b\u202e") {
					t.Errorf("%s with %q: subject %q, text %q", k.Name, h, m.Subject, m.Text)
				}
			}
			a.Settings.Email.Templates = nil
		}
	}
}

func TestOnlyHTTPSLogosAreShown(t *testing.T) {
	for logo, shown := range map[string]bool{
		"https://cdn.example.org/logo.png": true, "http://cdn.example.org/logo.png": false, "data:image/png;base64,AA": false,
		"//cdn.example.org/x.png": false, "https://": false, "https://u:p@cdn.example.org/x.png": false, "": false,
	} {
		a := acme(t, "acme")
		a.Settings.Branding.LogoURL = logo
		m, err := Render(a, "unknown_account", Letter{To: "ann@example.org"})
		if err != nil || strings.Contains(m.HTML, "<img") != shown {
			t.Errorf("%q: shown is not %v (%v)", logo, shown, err)
		}
	}
}

func TestAppsMayHaveLinksOfTheirOwn(t *testing.T) {
	m, err := Render(acme(t, "acme"), "email_confirmation", Letter{To: "ann@example.org", Data: map[string]string{"url": "acme://verify/x?a=1&b=2"}})
	if err != nil {
		t.Fatal(err)
	}
	if links, _, _ := page(t, m.HTML); !slices.Contains(links, "acme://verify/x?a=1&b=2") {
		t.Errorf("links are %q", links)
	}
}

func TestPeopleCannotAdvertiseThroughTheirName(t *testing.T) {
	a := acme(t, "acme")
	a.Settings.Email.Templates = map[string]tenants.MailTemplate{"email_confirmation": {Text: "Hello {{.display}}! {{.code}}"}}
	for display, want := range map[string]string{
		"Ann": "Hello Ann! 1", "Win at https://evil.example": "Hello ! 1", "WWW.evil.example": "Hello ! 1",
		"Ann\n\nGo to evil": "Hello Ann Go to evil! 1",
	} {
		m, err := Render(a, "email_confirmation", Letter{To: "ann@example.org", Data: map[string]string{"code": "1", "display": display}})
		if err != nil || m.Text != want {
			t.Errorf("%q: %q (%v)", display, m.Text, err)
		}
	}
}

func TestNothingThatAClientChoseIsALink(t *testing.T) {
	linkish := regexp.MustCompile(`(?i)://|www\.|[a-z0-9-]\.[a-z]{2}`) // what mail programs make links of
	for _, name := range []string{"display", "user_agent", "from_email", "to_email", "deleted_email", "from_phone", "to_phone", "provider"} {
		for _, value := range []string{
			"Win at https://evil.example/x", "WWW.evil.example", "see www.evil.example", "acme://evil", "//evil.example", "evil.example/x",
			"call ann@evil.example", "evil\u3002example", "evil.\u200eexample", "evil.\u00e9xample", "evil.xn--p1ai", "Evil.Example",
		} {
			if name != "user_agent" && !strings.Contains(value, "://") && !strings.Contains(strings.ToLower(value), "www.") {
				continue // an address has a domain, and a name may look like one
			}
			for _, k := range Kinds() {
				if !slices.Contains(k.Variables, name) {
					continue
				}
				data, own := map[string]string{name: value}, "Hello {{."+name+"}}!"
				for _, need := range k.Needs {
					data[need] = "1234"
					own += " {{." + need + "}}"
				}
				a := acme(t, "acme")
				for _, template := range []tenants.MailTemplate{{}, {Text: own}} {
					a.Settings.Email.Templates = map[string]tenants.MailTemplate{k.Name: template}
					m, err := Render(a, k.Name, Letter{To: "ann@example.org", Data: data})
					if err != nil || m.Override != nil {
						t.Fatal(err, m.Override)
					}
					if l := linkish.FindString(m.Text); l != "" {
						t.Errorf("%s with %s %q: %q is in %q", k.Name, name, value, l, m.Text)
					}
				}
			}
		}
	}
}

func TestProgramsKeepTheirNames(t *testing.T) {
	for given, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0",
		"Acme/1.2 (com.acme.app; build:3; iOS 19.1.0)":                                                      "Acme/1.2 (com acme app; build:3; iOS 19.1.0)",
		"Bot/2.1 (+http://bot.example.org/bot.html)":                                                        "Bot/2.1 (+http: /bot example org/bot html)",
		"a\r\nb\x00 \u00e9\u202ec":                                                                          "a b c",
		strings.Repeat("x", 500):                                                                            strings.Repeat("x", 117) + "...",
		"":                                                                                                  "",
	} {
		if got := program(oneLine(given, maxVariable)); got != want {
			t.Errorf("%q is shown as %q", given, got)
		}
	}
}

func FuzzProgram(f *testing.F) {
	for _, seed := range []string{"Mozilla/5.0 (X11; Linux x86_64)", "+http://bot.example.org/bot.html", "a.\u00e9b@c..d//e", "x.\x00y"} {
		f.Add(seed)
	}
	linkish := regexp.MustCompile(`(?i)//|@|\.[a-z]|[^ -~]`)
	f.Fuzz(func(t *testing.T, given string) {
		if got := program(oneLine(given, maxVariable)); linkish.MatchString(got) || len(got) > maxProgram {
			t.Errorf("%q is shown as %q", given, got)
		}
	})
}

func TestSubjectPrefix(t *testing.T) {
	none, short := "", "Acme: "
	for want, prefix := range map[string]*string{
		"[Acme] Confirm your email address": nil, "Confirm your email address": &none, "Acme: Confirm your email address": &short,
	} {
		a := acme(t, "acme")
		a.Settings.Account.EmailSubjectPrefix = prefix
		m, err := Render(a, "email_confirmation", Letter{To: "ann@example.org", Data: map[string]string{"code": "1"}})
		if err != nil || m.Subject != want {
			t.Errorf("%q, not %q (%v)", m.Subject, want, err)
		}
	}
	a := acme(t, "acme")
	long := strings.Repeat("é", 1000)
	a.Settings.Account.EmailSubjectPrefix = &long
	m, err := Render(a, "email_confirmation", Letter{To: "ann@example.org", Data: map[string]string{"code": "1"}})
	if err != nil || len([]rune(m.Subject)) != maxSubject {
		t.Errorf("a long subject has %d characters (%v)", len([]rune(m.Subject)), err)
	}
}

func TestTenantsOwnTemplates(t *testing.T) {
	data := map[string]string{"url": "https://app.example.org/v/k?a=1&b=2", "code": "BCDF-GHJK"}
	const both = "{{.url}} {{.code}}"
	plain, err := Render(acme(t, "acme"), "email_confirmation", Letter{To: "ann@example.org", Data: data})
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		own  tenants.MailTemplate
		want Mail
	}{
		"a subject": {tenants.MailTemplate{Subject: "Code {{.code}} for {{.email}}"},
			Mail{Subject: "[Acme] Code BCDF-GHJK for ann@example.org", Text: plain.Text,
				HTML: strings.ReplaceAll(plain.HTML, plain.Subject, "[Acme] Code BCDF-GHJK for ann@example.org")}},
		"a text alone makes a mail without HTML": {tenants.MailTemplate{Text: both},
			Mail{Subject: plain.Subject, Text: data["url"] + " " + data["code"]}},
		"an HTML alone keeps the text": {tenants.MailTemplate{HTML: "<p>" + both},
			Mail{Subject: plain.Subject, Text: plain.Text, HTML: "<p>https://app.example.org/v/k?a=1&amp;b=2 BCDF-GHJK"}},
		"all of it": {tenants.MailTemplate{Subject: "S", Text: "T " + both, HTML: "H " + both},
			Mail{Subject: "[Acme] S", Text: "T " + data["url"] + " BCDF-GHJK", HTML: "H https://app.example.org/v/k?a=1&amp;b=2 BCDF-GHJK"}},
		"conditions": {tenants.MailTemplate{Text: `{{if and .code (ne .code "x")}}{{with .code}}{{.}}{{end}}{{else}}-{{end}} {{.url}}`},
			Mail{Subject: plain.Subject, Text: "BCDF-GHJK " + data["url"]}},
	}
	for name, c := range cases {
		a := acme(t, "acme")
		a.Settings.Email.Templates = map[string]tenants.MailTemplate{"email_confirmation": c.own}
		m, err := Render(a, "email_confirmation", Letter{To: "ann@example.org", Data: data})
		if err != nil || m != c.want {
			t.Errorf("%s: %+v (%v)", name, m, err)
		}
		if err := CheckTemplates("email_confirmation", c.own); err != nil {
			t.Errorf("%s: refused: %v", name, err)
		}
	}
}

func TestFailingTemplatesGiveWayToTheBuiltIn(t *testing.T) {
	data := map[string]string{"code": "BCDF-GHJK"}
	plain, err := Render(acme(t, "acme"), "email_confirmation", Letter{To: "ann@example.org", Data: data})
	if err != nil {
		t.Fatal(err)
	}
	for name, own := range map[string]tenants.MailTemplate{
		"a text that does not parse":       {Text: "{{.code"},
		"an HTML that does not parse":      {HTML: "{{if}}"},
		"an HTML that cannot be made safe": {HTML: `<a href="{{if .code}}"{{end}}>{{.code}}`},
		"a variable that there is not":     {Text: "{{.code}} {{.cod}}"},
		"one that is not looked at":        {Text: "{{.code}}{{if .url}}{{.cod}}{{end}}"},
		"a variable of another kind":       {Text: "{{.code}} {{.user_agent}}"},
		"a variable in the subject":        {Subject: "{{.nothing}}"},
		"a text without the code":          {Text: "Welcome!"},
		"an HTML without the code":         {HTML: "<p>Welcome!</p>"},
		"a loop":                           {Text: "{{.code}}{{range 1000000000000}}{{end}}"},
		"a loop in a condition":            {Text: "{{.code}}{{if .code}}{{range 1000000000000}}{{end}}{{end}}"},
		"a loop in an else":                {HTML: "{{.code}}{{if .url}}{{else}}{{range 1000000000000}}{{end}}{{end}}"},
		"recursion":                        {Text: `{{define "a"}}{{template "a"}}{{end}}{{.code}}{{template "a"}}`},
		"a block":                          {HTML: `{{block "a" .}}{{.code}}{{end}}`},
		"a variable that doubles":          {Text: `{{$x := "aaaa"}}{{$x = print $x $x}}{{.code}}`},
		"printf":                           {Text: `{{.code}}{{printf "%1000000d" 1}}`},
		"a function in a pipe":             {Text: `{{.code | print}}`},
		"a function in an argument":        {Text: `{{.code}}{{if (eq (print 1) "1")}}{{end}}`},
		"calls of fields":                  {Text: `{{.code}}{{(.code).Foo}}`},
		"too long a source":                {Text: "{{.code}}" + strings.Repeat("x", maxSource)},
	} {
		a := acme(t, "acme")
		a.Settings.Email.Templates = map[string]tenants.MailTemplate{"email_confirmation": own}
		m, err := Render(a, "email_confirmation", Letter{To: "ann@example.org", Data: data})
		if err != nil || m.Subject != plain.Subject || m.Text != plain.Text || m.HTML != plain.HTML {
			t.Errorf("%s: %q, %q (%v)", name, m.Subject, m.Text, err)
		}
		if !errors.Is(m.Override, ErrTemplate) {
			t.Errorf("%s: the reason is %v", name, m.Override)
		} else if strings.Contains(m.Override.Error(), data["code"]) {
			t.Errorf("%s: the reason shows the code: %v", name, m.Override)
		}
		if err := CheckTemplates("email_confirmation", own); !errors.Is(err, ErrTemplate) {
			t.Errorf("%s: saved with %v", name, err)
		}
	}
}

func TestRenderedMailsAreBounded(t *testing.T) {
	a := acme(t, "acme")
	a.Settings.Email.Templates = map[string]tenants.MailTemplate{"email_confirmation": {Text: strings.Repeat("{{.url}}", 8000)}}
	m, err := Render(a, "email_confirmation", Letter{To: "ann@example.org", Data: map[string]string{"url": "https://app.example.org/" + strings.Repeat("k", 2000)}})
	if err != nil || !errors.Is(m.Override, ErrTemplate) || len(m.Text) > 4096 {
		t.Errorf("%d bytes, %v, %v", len(m.Text), m.Override, err)
	}
}

func TestLettersThatCannotBeRendered(t *testing.T) {
	a := acme(t, "acme")
	for name, c := range map[string]struct {
		kind string
		data map[string]string
		want error
	}{
		"an unknown kind":          {"no_such_kind", nil, ErrUnknownKind},
		"a kind that is texted":    {"phone_verification", map[string]string{"code": "1"}, ErrUnknownKind},
		"neither code nor link":    {"email_confirmation", nil, ErrNothingToSay},
		"a code of nothing at all": {"email_confirmation_signup", map[string]string{"code": " \n"}, ErrNothingToSay},
	} {
		if _, err := Render(a, c.kind, Letter{To: "ann@example.org", Data: c.data}); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := CheckTemplates("no_such_kind", tenants.MailTemplate{}); !errors.Is(err, ErrUnknownKind) {
		t.Errorf("got %v", err)
	}
}

func TestButtonsCanBeRead(t *testing.T) {
	for colour, on := range map[string]string{"#ffffff": "#000000", "#ffcc00": "#000000", "#000000": "#ffffff", "#2459b3": "#ffffff", "red": "#ffffff"} {
		a := acme(t, "acme")
		a.Settings.Branding.Colour = colour
		m, err := Render(a, "email_confirmation", Letter{To: "ann@example.org", Data: map[string]string{"url": "https://app.example.org/k"}})
		if err != nil || !strings.Contains(m.HTML, "color:"+on+";text-decoration:none") {
			t.Errorf("%s: not %s (%v)", colour, on, err)
		}
	}
}

func TestTextsAreShort(t *testing.T) {
	for _, k := range Kinds() {
		if !slices.Contains(k.Channels, store.SMS) {
			continue
		}
		text, err := RenderText(acme(t, "acme"), k.Name, Letter{To: "+31612345678", Data: map[string]string{"code": "BCDF-GHJK"}})
		s := text.Body
		if err != nil || len(s) > 160 || strings.Contains(s, "\n") || !ascii(s) {
			t.Errorf("%s: %q (%v)", k.Name, s, err)
		}
		if slices.Contains(k.Variables, "code") && !strings.Contains(s, "BCDF-GHJK") {
			t.Errorf("%s has no code: %q", k.Name, s)
		}
	}
	if _, err := RenderText(acme(t, "acme"), "email_confirmation", Letter{}); !errors.Is(err, ErrUnknownKind) {
		t.Errorf("got %v", err)
	}
}
