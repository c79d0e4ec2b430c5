package config

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// manual is docs/configuration.md, made of the same table as everything else.
func manual() string {
	var b strings.Builder
	b.WriteString("# Configuration\n\n<!-- Made from internal/config by go generate. Change the table there, not this page. -->\n\n")
	b.WriteString("These are the settings of a server process. They take a restart to change. Whatever belongs to a tenant is in " +
		"the tenant's own settings instead, and changes while the server runs.\n\n")
	b.WriteString("Each setting can be given in three ways:\n\n" +
		"- as a flag, such as `--listen :8080`, which wins over the others;\n" +
		"- in the environment, such as `VESTIBULE_LISTEN=:8080`;\n" +
		"- in a file that the environment names, such as `VESTIBULE_SECRET_KEY_FILE=/run/secrets/key`. Newlines at its end are cut.\n\n" +
		"An empty value counts as not given. Give secrets in files or in the environment: other users of the machine can see " +
		"flags. A value that is wrong or missing, and a variable that begins with `VESTIBULE_` and is not listed here, stops the " +
		"start with status 2; every fault is listed at once, with what to do about it. (The variables of `admin` and of the " +
		"tests, `VESTIBULE_ADMIN_URL` and `VESTIBULE_TEST_…`, are let through.)\n")
	b.WriteString("\n## Flags\n\n| Flag | What it does |\n|---|---|\n")
	for _, f := range flagsOnly {
		fmt.Fprintf(&b, "| `%s` | %s |\n", strings.TrimSpace(f.name+" "+f.takes), f.text)
	}
	for i := range settings {
		s := &settings[i]
		if s.section != "" {
			fmt.Fprintf(&b, "\n## %s\n", s.section)
		}
		fmt.Fprintf(&b, "\n### %s\n\n", s.env())
		facts := []string{fmt.Sprintf("Flag `--%s %s`", s.flag(), s.takes)}
		switch {
		case s.fallback != "":
			facts = append(facts, "default `"+s.fallback+"`")
		case s.required:
			facts = append(facts, "required")
		default:
			facts = append(facts, "optional")
		}
		if s.hidden {
			facts = append(facts, "secret")
		}
		b.WriteString(strings.Join(facts, ", ") + ".")
		if s.devText != "" {
			fmt.Fprintf(&b, " With `--dev`: %s.", s.devText)
		}
		b.WriteString("\n\n" + s.text + "\n")
	}
	b.WriteString("\n## Traces\n\n" + otelWords + " [tracing.md](tracing.md) says what comes of them. A wrong one stops the start, too.\n\n" +
		"| Variable | What it does |\n|---|---|\n")
	for _, v := range otelVariables {
		fmt.Fprintf(&b, "| `%s` | %s |\n", v.name, v.text)
	}
	return b.String()
}

func TestConfigurationPageIsCurrent(t *testing.T) {
	golden(t, filepath.Join("..", "..", "docs", "configuration.md"), manual())
}

func TestHelpIsCurrent(t *testing.T) {
	var b strings.Builder
	if err := Usage(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, filepath.Join("testdata", "help.txt"), b.String())
	for i := range settings {
		if s := &settings[i]; !strings.Contains(b.String(), "--"+s.flag()+" ") || !strings.Contains(b.String(), s.env()) {
			t.Errorf("%s is not in the help", s.name)
		}
	}
	for line := range strings.Lines(b.String()) {
		if len(line) > 81 {
			t.Errorf("too long for a terminal: %s", line)
		}
	}
}

func TestTableIsComplete(t *testing.T) {
	seen := map[string]bool{}
	for i := range settings {
		s := &settings[i]
		if seen[s.name] || s.text == "" || s.takes == "" || s.parse == nil || !strings.HasSuffix(s.text, ".") {
			t.Errorf("%s is listed twice, or lacks something", s.name)
		}
		seen[s.name] = true
		if s.required && s.remedy == "" || (s.dev != nil || s.madeInDev) && s.devText == "" {
			t.Errorf("%s does not say what to do", s.name)
		}
		if strings.HasSuffix(s.name, fileSuffix) {
			t.Errorf("%s looks like the file of another", s.name)
		}
		if s.fallback != "" {
			if err := s.parse(&Config{}, s.fallback); err != nil {
				t.Errorf("the default of %s is at fault: %v", s.name, err)
			}
		}
	}
}
