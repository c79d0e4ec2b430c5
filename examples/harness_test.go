package examples_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/sdk/go/client"
)

// programs are the server, the API and the app.
var programs struct{ folder, server, api, cli string }

// built builds them, once. VESTIBULE_SERVER names a server that is built already.
var built = sync.OnceValue(func() (err error) {
	p := &programs
	if p.folder, err = os.MkdirTemp("", "vestibule-examples-"); err != nil {
		return err
	}
	p.server, p.api, p.cli = filepath.Join(p.folder, "server"), filepath.Join(p.folder, "api"), filepath.Join(p.folder, "cli")
	err = errors.Join(goBuild(".", p.api, "./api"), goBuild(".", p.cli, "./cli"))
	if named := os.Getenv("VESTIBULE_SERVER"); named != "" {
		p.server = named
		return err
	}
	return errors.Join(err, goBuild("..", p.server, "./cmd/server"))
})

func TestMain(m *testing.M) {
	code := m.Run()
	if programs.folder != "" {
		_ = os.RemoveAll(programs.folder)
	}
	os.Exit(code)
}

func goBuild(folder, program, what string) error {
	cmd := exec.Command("go", "build", "-o", program, what)
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", what, err, out)
	}
	return nil
}

// world is a server for development with its demo tenant, and the example API, whose users are the tenant's.
type world struct {
	*testing.T
	public, operators string // URLs of the server
	notes             string // URL of the API's notes
	token             string // of the server's admin API
}

// begin starts a world. env is what the server is told besides where to listen.
func begin(t *testing.T, env ...string) *world {
	t.Helper()
	if err := built(); err != nil {
		t.Fatal(err)
	}
	public, operators, api := freePort(t), freePort(t), freePort(t)
	w := &world{
		T: t, public: "http://localhost:" + public, operators: "http://localhost:" + operators, notes: "http://localhost:" + api + "/notes",
	}
	folder := t.TempDir()
	start(t, folder, append(env, "VESTIBULE_LISTEN=localhost:"+public, "VESTIBULE_ADMIN_LISTEN=localhost:"+operators), w.operators+"/readyz",
		programs.server, "--dev", "--dev-dir", filepath.Join(folder, "dev"))
	token, err := os.ReadFile(filepath.Join(folder, "dev", "admin-token"))
	if err != nil {
		t.Fatal(err)
	}
	w.token = strings.TrimSpace(string(token))
	start(t, folder, []string{"NOTES_LISTEN=localhost:" + api, "NOTES_ISSUER=" + w.public}, w.notes, programs.api)
	return w
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
}

// start starts a program, which ends with the test, and waits until it answers at a URL. It has this environment and no other, so that no
// settings of this machine's get in.
func start(t *testing.T, folder string, env []string, at, program string, args ...string) {
	t.Helper()
	var log bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = folder, &log, &log
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + folder}, env...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := <-ended; err != nil {
			t.Errorf("%s: %v", filepath.Base(program), err)
		}
		if t.Failed() {
			t.Logf("%s says:\n%s", filepath.Base(program), log.String())
		}
	})
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if resp, err := http.Get(at); err == nil {
			_ = resp.Body.Close()
			return
		}
		select {
		case err := <-ended:
			ended <- nil // for the clean-up
			t.Fatalf("%s ended: %v\n%s", filepath.Base(program), err, log.String())
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not answer at %s", filepath.Base(program), at)
		}
	}
}

// ask makes a request that shows a token, and is its answer. In JSON, in is the body, unless it is nil.
func (w *world) ask(method, at, token string, in any) (status int, body []byte) {
	w.Helper()
	var sent io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			w.Fatal(err)
		}
		sent = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(w.Context(), method, at, sent)
	if err != nil {
		w.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if body, err = io.ReadAll(resp.Body); err != nil {
		w.Fatal(err)
	}
	return resp.StatusCode, body
}

// settings changes settings of the demo tenant, and waits until they count.
func (w *world) settings(config map[string]map[string]any) {
	w.Helper()
	at := w.operators + "/admin/v1/tenants/demo"
	if status, body := w.ask(http.MethodPatch, at, w.token, map[string]any{"config": config}); status != http.StatusOK {
		w.Fatalf("change the demo tenant: %d %s", status, body)
	}
}

var (
	aCode = regexp.MustCompile(`\b[A-Z0-9]{4}-[A-Z0-9]{4}\b`)
	aLink = regexp.MustCompile(`https?://\S+`)
)

// mailed is what a pattern finds in the latest of n mails to an address, as soon as there are so many.
func (w *world) mailed(to string, n int, pattern *regexp.Regexp) string {
	w.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		var box struct {
			Items []struct{ Text string } `json:"items"`
		}
		status, body := w.ask(http.MethodGet, w.operators+"/admin/v1/dev/mail?limit=50&to="+url.QueryEscape(to), w.token, nil)
		if err := json.Unmarshal(body, &box); err != nil || status != http.StatusOK {
			w.Fatalf("read the mail: %d %s", status, body)
		}
		if len(box.Items) < n {
			continue
		}
		found := pattern.FindString(box.Items[0].Text)
		if found == "" {
			w.Fatalf("nothing in this mail matches %s:\n%s", pattern, box.Items[0].Text)
		}
		return found
	}
	w.Fatalf("there are no %d mails to %s", n, to)
	return ""
}

// device is where somebody has the app: a folder for its tokens.
type device struct {
	*world
	home string
}

func (w *world) device() *device { return &device{w, w.TempDir()} }

// tokens are what the app keeps.
func (d *device) tokens() (tokens client.Tokens) {
	d.Helper()
	found, err := filepath.Glob(filepath.Join(d.home, "*", "vestibule-example", "*.json"))
	if err != nil || len(found) > 1 {
		d.Fatalf("%v %v", found, err)
	}
	if len(found) == 0 {
		return tokens
	}
	info, err := os.Stat(found[0])
	if err != nil || info.Mode().Perm() != 0o600 {
		d.Fatalf("the tokens are kept as %v: %v", info.Mode(), err)
	}
	raw, err := os.ReadFile(found[0])
	if err == nil {
		err = json.Unmarshal(raw, &tokens)
	}
	if err != nil {
		d.Fatal(err)
	}
	return tokens
}

// talk is a run of the app, with which a test talks as somebody at a terminal would.
type talk struct {
	*device
	what  string
	cmd   *exec.Cmd
	in    io.WriteCloser
	shown chan []byte
	text  string // all that was shown
	at    int    // up to where the test has read
}

// run starts the app.
func (d *device) run(args ...string) *talk {
	d.Helper()
	cmd := exec.CommandContext(d.Context(), programs.cli, append([]string{"-url", d.public}, args...)...)
	cmd.Env = []string{"HOME=" + d.home, "XDG_CONFIG_HOME=" + filepath.Join(d.home, ".config")}
	in, err := cmd.StdinPipe()
	if err != nil {
		d.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		d.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		d.Fatal(err)
	}
	_ = w.Close() // the app has its own
	k := &talk{device: d, what: strings.Join(args, " "), cmd: cmd, in: in, shown: make(chan []byte)}
	go func() {
		defer func() { close(k.shown); _ = r.Close() }()
		for {
			piece := make([]byte, 4096)
			n, err := r.Read(piece)
			if n > 0 {
				k.shown <- piece[:n]
			}
			if err != nil {
				return
			}
		}
	}()
	return k
}

// asked waits until the app shows a text, after what was waited for before.
func (k *talk) asked(text string) *talk {
	k.Helper()
	late := time.After(time.Minute)
	for {
		if i := strings.Index(k.text[k.at:], text); i >= 0 {
			k.at += i + len(text)
			return k
		}
		select {
		case piece, more := <-k.shown:
			if k.text += string(piece); !more {
				k.Fatalf("%s ended without %q:\n%s", k.what, text, k.text)
			}
		case <-late:
			k.Fatalf("%s does not show %q:\n%s", k.what, text, k.text)
		}
	}
}

// says answers with a line.
func (k *talk) says(line string) *talk {
	k.Helper()
	if _, err := io.WriteString(k.in, line+"\n"); err != nil {
		k.Fatalf("%s does not listen: %v\n%s", k.what, err, k.text)
	}
	return k
}

// ends waits for the app's end with a status and, among all that it showed, a text. It is all of that.
func (k *talk) ends(status int, text string) string {
	k.Helper()
	_ = k.in.Close()
	for piece := range k.shown {
		k.text += string(piece)
	}
	err := k.cmd.Wait()
	if got := k.cmd.ProcessState.ExitCode(); got != status || !strings.Contains(k.text, text) {
		k.Fatalf("%s ended with %d and not with %d and %q: %v\n%s", k.what, got, status, text, err, k.text)
	}
	return k.text
}

// totp is the code of an authenticator app in a period of 30 s (RFC 6238, section 4).
func totp(t *testing.T, secret string, period int64) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, period)
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:at+4])&0x7fffffff%1_000_000)
}
