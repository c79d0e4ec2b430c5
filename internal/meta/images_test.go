package meta_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/vestibule-auth/vestibule/internal/config"
)

// read is a file of the repository.
func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// service is what a service of compose.yaml says of itself.
type service struct {
	Image       string
	User        string
	ReadOnly    bool     `yaml:"read_only"`
	CapDrop     []string `yaml:"cap_drop"`
	SecurityOpt []string `yaml:"security_opt"`
	Ports       []string
	Privileged  bool
	Environment map[string]string
}

func services(t *testing.T) map[string]service {
	t.Helper()
	var file struct{ Services map[string]service }
	if err := yaml.Unmarshal([]byte(read(t, "compose.yaml")), &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Services) < 5 {
		t.Fatalf("compose.yaml has the services %v", file.Services)
	}
	return file.Services
}

func TestImagesAreBuiltWithTheGoOfTheModule(t *testing.T) {
	asked := regexp.MustCompile(`(?m)^go (\d+\.\d+)\.(\d+)$`).FindStringSubmatch(read(t, "go.mod"))
	named := regexp.MustCompile(`(?m)^FROM --platform=\$BUILDPLATFORM golang:(\d+\.\d+)\.(\d+) AS build$`).FindStringSubmatch(read(t, "Dockerfile"))
	if asked == nil || named == nil {
		t.Fatalf("go.mod asks for %v, the Dockerfile names %v", asked, named)
	}
	if asked[1] != named[1] || len(named[2]) < len(asked[2]) || len(named[2]) == len(asked[2]) && named[2] < asked[2] {
		t.Errorf("go.mod asks for Go %s.%s, and the Dockerfile builds with %s.%s", asked[1], asked[2], named[1], named[2])
	}
}

// What is built with, and what is run, is the same tomorrow: no image goes without a version.
func TestImagesAreNamedByVersion(t *testing.T) {
	pinned := regexp.MustCompile(`:v?\d[\w.-]*(@sha256:[0-9a-f]{64})?$`)
	for _, m := range regexp.MustCompile(`(?m)^FROM (?:--platform=\S+ )?(\S+)(?: AS (\w+))?$`).FindAllStringSubmatch(read(t, "Dockerfile"), -1) {
		if m[1] != "scratch" && m[1] != "either" && !pinned.MatchString(m[1]) {
			t.Errorf("the Dockerfile takes %s", m[1])
		}
	}
	for name, s := range services(t) {
		if !strings.HasSuffix(s.Image, ":compose") && !pinned.MatchString(s.Image) {
			t.Errorf("%s takes %q", name, s.Image)
		}
	}
}

func TestComposeConfinesEveryService(t *testing.T) {
	for name, s := range services(t) {
		if !s.ReadOnly || s.Privileged || !slices.Contains(s.CapDrop, "ALL") || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s may do more than it needs: %+v", name, s)
		}
		if !regexp.MustCompile(`^\d+:\d+$`).MatchString(s.User) || s.User == "0:0" && name != "secrets" {
			t.Errorf("%s runs as %q", name, s.User)
		}
		for _, port := range s.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s is published at %s, which is not this machine alone", name, port)
			}
		}
	}
}

// All share one volume of secrets, each file of which is its reader's alone: so each needs a number of its own, the one that the script knows.
func TestComposeKeepsSecretsApart(t *testing.T) {
	script := read(t, "compose/secrets.sh")
	of := map[string]string{}
	for variable, name := range map[string]string{"vestibule": "server", "database": "postgres", "redis": "redis"} {
		number := regexp.MustCompile(`(?m)^` + variable + `=(\d+)$`).FindStringSubmatch(script)
		user := services(t)[name].User
		if number == nil || user != number[1]+":"+number[1] {
			t.Errorf("%s runs as %s, and its secrets are those of %v", name, user, number)
		}
		if other := of[user]; other != "" {
			t.Errorf("%s and %s can read each other's secrets", name, other)
		}
		of[user] = name
	}
}

func TestComposeNamesRealSettings(t *testing.T) {
	secrets := map[string]string{
		"VESTIBULE_DATABASE_URL": "postgres://vestibule:x@postgres:5432/vestibule?sslmode=disable",
		"VESTIBULE_REDIS_URL":    "redis://:x@redis:6379/0",
		"VESTIBULE_SECRET_KEY":   base64.StdEncoding.EncodeToString(make([]byte, 32)),
		"VESTIBULE_ADMIN_TOKEN":  strings.Repeat("t", 64),
	}
	loaded := 0
	for name, s := range services(t) {
		if s.Image != "vestibule:compose" {
			continue
		}
		var environ []string
		for variable, value := range s.Environment {
			if of, ok := strings.CutSuffix(variable, "_FILE"); ok && secrets[of] != "" {
				variable, value = of, secrets[of]
			}
			environ = append(environ, variable+"="+variableDefault.ReplaceAllString(value, "$1"))
		}
		if _, err := config.Load(nil, environ); err != nil {
			t.Errorf("%s does not start with its settings: %v", name, err)
		}
		loaded++
	}
	if loaded != 2 {
		t.Errorf("%d services run the server's image, not server and migrate", loaded)
	}
}

// variableDefault is a variable of whoever runs compose, with what it is if they have none.
var variableDefault = regexp.MustCompile(`\$\{\w+:-([^}]*)\}`)

// A secret is made where it is used, and is nowhere in what people share.
func TestComposeHasNoSecrets(t *testing.T) {
	for name, s := range services(t) {
		for variable, value := range s.Environment {
			secret := regexp.MustCompile(`(?i)PASSWORD|SECRET|TOKEN|KEY|DATABASE_URL|REDIS_URL`).MatchString(variable)
			if secret && (!strings.HasSuffix(variable, "_FILE") || !strings.HasPrefix(value, "/secrets/")) {
				t.Errorf("%s is given %s as it is", name, variable)
			}
		}
	}
}
