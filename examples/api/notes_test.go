package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	vestibule "github.com/vestibule-auth/vestibule/sdk/go"
	"github.com/vestibule-auth/vestibule/sdk/go/vestibuletest"
)

// ask is the answer to a request with a token.
func ask(api http.Handler, method, token, body string) (int, string) {
	r := httptest.NewRequest(method, "/notes", strings.NewReader(body))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// texts are the notes that a token shows.
func texts(t *testing.T, api http.Handler, token string) string {
	t.Helper()
	status, body := ask(api, http.MethodGet, token, "")
	var got struct{ Notes []note }
	if err := json.Unmarshal([]byte(body), &got); err != nil || status != http.StatusOK || got.Notes == nil {
		t.Fatalf("%d %s %v", status, body, err)
	}
	var all []string
	for _, n := range got.Notes {
		all = append(all, n.Text)
	}
	return strings.Join(all, ",")
}

func TestEachSeesTheirOwnNotesAlone(t *testing.T) {
	acme, globex := vestibuletest.NewIssuer(t), vestibuletest.NewIssuer(t)
	verifier, err := vestibule.New(vestibule.Options{Issuers: []vestibule.Issuer{
		{URL: acme.URL, Audience: "notes"}, {URL: globex.URL, Audience: "notes"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	api := routes(verifier)
	ann := acme.Token(t, vestibuletest.Claims{Subject: "1", Audience: "notes"})
	ben := acme.Token(t, vestibuletest.Claims{Subject: "2", Audience: "notes"})
	cas := globex.Token(t, vestibuletest.Claims{Subject: "1", Audience: "notes"}) // Ann's id, in another tenant
	for i, token := range []string{ann, ben, cas, ann} {
		if status, body := ask(api, http.MethodPost, token, fmt.Sprintf(`{"text": "note %d"}`, i)); status != http.StatusCreated {
			t.Fatalf("%d %s", status, body)
		}
	}
	for token, want := range map[string]string{
		ann: "note 0,note 3", ben: "note 1", cas: "note 2",
		acme.Token(t, vestibuletest.Claims{Subject: "3", Audience: "notes"}): "",
	} {
		if got := texts(t, api, token); got != want {
			t.Errorf("%q is shown, want %q", got, want)
		}
	}
}

func TestWhoIsNotLetIn(t *testing.T) {
	issuer := vestibuletest.NewIssuer(t)
	api := routes(issuer.Verifier(t))
	for what, token := range map[string]string{
		"nobody":           "",
		"an expired token": issuer.Token(t, vestibuletest.Claims{Age: time.Hour}),
		"another API's":    issuer.Token(t, vestibuletest.Claims{Audience: "orders"}),
		"another tenant's": vestibuletest.NewIssuer(t).Token(t, vestibuletest.Claims{}),
		"a refresh token":  issuer.Token(t, vestibuletest.Claims{Use: "refresh"}),
		"what is no token": "eyJ",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
			if status, body := ask(api, method, token, `{"text": "Buy milk"}`); status != http.StatusUnauthorized {
				t.Errorf("%s, %s: %d %s", what, method, status, body)
			}
		}
	}
}

func TestNotesHaveALimit(t *testing.T) {
	issuer := vestibuletest.NewIssuer(t)
	api := routes(issuer.Verifier(t))
	token := issuer.Token(t, vestibuletest.Claims{Subject: "1"})
	for _, body := range []string{``, `{`, `{"text": " "}`, `[]`, `{"text": "` + strings.Repeat("x", maxBody) + `"}`} {
		if status, _ := ask(api, http.MethodPost, token, body); status != http.StatusBadRequest {
			t.Errorf("%.20s: %d", body, status)
		}
	}
	for i := range maxNotes + 1 {
		want := http.StatusCreated
		if i == maxNotes {
			want = http.StatusConflict
		}
		if status, body := ask(api, http.MethodPost, token, `{"text": "x"}`); status != want {
			t.Fatalf("note %d: %d %s", i, status, body)
		}
	}
	if other := issuer.Token(t, vestibuletest.Claims{Subject: "2"}); texts(t, api, other) != "" {
		t.Error("another user is full")
	}
}

func TestAPortThatIsTaken(t *testing.T) {
	var listening net.ListenConfig
	taken, err := listening.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	err = run(t.Context(), []string{"-listen", taken.Addr().String(), "-issuer", gone.URL})
	if err == nil || !strings.Contains(err.Error(), "-listen") {
		t.Errorf("%v, which does not say what to do", err)
	}
}
