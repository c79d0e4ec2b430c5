package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	vestibule "github.com/vestibule-auth/vestibule/sdk/go"
)

// owner is whose a note is. The id of a user never changes, whatever becomes of the address, but it means somebody in one tenant alone:
// users of two tenants may have the same one.
type owner struct{ issuer, subject string }

// ownerOf is who sends a request. Behind the middleware there always is somebody.
func ownerOf(r *http.Request) owner {
	user, _ := vestibule.From(r.Context())
	return owner{user.Issuer, user.Subject}
}

// note is one that somebody keeps.
type note struct {
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// What a user may keep.
const (
	maxNotes = 100
	maxBody  = 4 << 10 // bytes of a request
)

// notes are everybody's, in memory: a database would have the two parts of the owner in its primary key.
type notes struct {
	mu sync.Mutex
	of map[owner][]note
}

func (n *notes) list(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	mine := append([]note{}, n.of[ownerOf(r)]...) // which is [] in JSON where there are none
	n.mu.Unlock()
	answer(w, http.StatusOK, map[string]any{"notes": mine})
}

func (n *notes) add(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Text string `json:"text"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&in); err != nil || strings.TrimSpace(in.Text) == "" {
		answer(w, http.StatusBadRequest, map[string]any{"error": `Send a note as {"text": "Buy milk"}, in 4 KB at the most.`})
		return
	}
	made := note{Text: in.Text, At: time.Now().UTC()}
	who := ownerOf(r)
	n.mu.Lock()
	full := len(n.of[who]) >= maxNotes
	if !full {
		n.of[who] = append(n.of[who], made)
	}
	n.mu.Unlock()
	if full {
		answer(w, http.StatusConflict, map[string]any{"error": "You have 100 notes, and there is no room for more."})
		return
	}
	answer(w, http.StatusCreated, made)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store") // it is one user's
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has gone is no fault of ours
}
