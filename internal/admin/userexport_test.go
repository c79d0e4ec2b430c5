package admin_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// An export goes to the user: it says what operators did and when, and not who and from where. What the user did is there in full.
func TestAnExportDoesNotGiveOperatorsAway(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newMover(t, engine, nil)
		h.create(t, "acme", `{`+cheapHashes+`}`)
		h.moved(t, "acme", "", rowsOf(0, 1))
		id := h.account(t, "acme", "user0@example.org").ID
		theirs := store.Event{Action: store.PasswordChanged, Actor: store.Actor{Kind: store.ByUser, ID: id, Name: "user0"}, IP: "192.0.2.1", UserAgent: "Firefox"}
		kinds := []store.ActorKind{store.ByOperator, store.ByToken, store.ByBreakGlass, store.ByServer}
		all := []store.Event{theirs}
		for _, kind := range kinds {
			all = append(all, store.Event{Action: store.PasswordSet, Actor: store.Actor{Kind: kind, ID: "7", Name: "Olga"}, IP: "198.51.100.7", UserAgent: "curl/8"})
		}
		if err := h.store.For(h.served(t, "acme")).Do(t.Context(), func(tx *store.Tx) error {
			for i := range all {
				all[i].ID, all[i].At, all[i].UserID = secret.NewID(), h.clock.Now(), id
				if err := tx.AddEvent(t.Context(), &all[i]); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		x, err := h.ExportUser(t.Context(), admin.Actor{Kind: store.ByOperator, ID: "7", Name: "Olga", IP: "198.51.100.7", UserAgent: "curl/8"}, "acme", id)
		if err != nil {
			t.Fatal(err)
		}
		found := map[store.ActorKind]bool{}
		for _, e := range x.Events {
			found[e.Actor.Kind] = true
			if e.At.IsZero() || e.Actor.Kind == store.ByUser && (e.IP != theirs.IP || e.UserAgent != theirs.UserAgent || e.Actor.Name != "user0") {
				t.Errorf("exported is %+v", e)
			}
		}
		if len(x.Events) != len(all) || len(found) != len(kinds)+1 {
			t.Errorf("%d events are exported: %v", len(x.Events), found)
		}
		text, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		for _, hidden := range []string{"Olga", "198.51.100.7", "curl/8"} {
			if strings.Contains(string(text), hidden) {
				t.Errorf("the export shows %q: %s", hidden, text)
			}
		}
	})
}
