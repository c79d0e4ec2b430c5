package vestibuletest

import (
	"crypto/rand"
	"encoding/json"
	"maps"
	"net/http"
	"testing"
)

// User is what the server is to say of whoever a session is of. What is empty is filled in.
type User struct {
	ID string // "user" if empty
	// Extra is what else it says, as "email", or the id in another way: nil leaves something out.
	Extra map[string]any
}

// Session is the token of a session that is signed in, which a verifier with vestibule.Sessions accepts: as the X-Session-Token of an app,
// and as the cookie of a browser, by whatever name the verifier has for it. It lasts until it is ended.
func (i *Issuer) Session(t testing.TB, u User) (token string) {
	t.Helper()
	all := map[string]any{"id": or(u.ID, "user"), "display": or(u.ID, "user"), "has_usable_password": true}
	maps.Copy(all, u.Extra)
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
	user, err := json.Marshal(all) // as it is now, whatever becomes of the maps in it
	if err != nil {
		t.Fatal(err)
	}
	token = rand.Text()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.sessions[token] = user
	return token
}

// EndSession ends a session, as a logout does. Access tokens stay good.
func (i *Issuer) EndSession(token string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.sessions, token)
}

// answerSession answers with the session that the first of these tokens names which name one, or with the status. The caller holds the lock.
func (i *Issuer) answerSession(w http.ResponseWriter, otherwise int, tokens ...string) {
	for _, token := range tokens {
		if user, there := i.sessions[token]; there {
			answer(w, http.StatusOK, map[string]any{
				"status": http.StatusOK, "data": map[string]any{"user": user, "methods": []any{}}, "meta": map[string]any{"is_authenticated": true},
			})
			return
		}
	}
	answer(w, otherwise, map[string]any{
		"status": otherwise, "data": map[string]any{"flows": []any{}}, "meta": map[string]any{"is_authenticated": false},
	})
}
