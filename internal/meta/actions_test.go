package meta_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/store"
)

// The table of events in the documentation lists each action once, and nothing else.
func TestDocumentationListsEveryEvent(t *testing.T) {
	found := func(pattern, text string) (all []string) {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			all = append(all, m[1])
		}
		return all
	}
	actions := found(`Action = "([^"]+)"`, read(t, "internal/store/actions.go"))
	listed := found("(?m)^\\| `([a-z_]+\\.[a-z_]+)` \\|", read(t, "docs/audit.md"))
	if len(actions) < 30 {
		t.Fatalf("only %d actions were found", len(actions))
	}
	for _, a := range actions {
		if !slices.Contains(listed, a) {
			t.Errorf("docs/audit.md does not list %s", a)
		}
	}
	known := store.Actions()
	for _, a := range actions {
		if !slices.Contains(known, store.Action(a)) {
			t.Errorf("store.Actions lacks %s: nobody could ask to be told of it", a)
		}
	}
	if len(known) != len(actions) {
		t.Errorf("store.Actions has %d, and there are %d", len(known), len(actions))
	}
	for i, a := range listed {
		if !slices.Contains(actions, a) || slices.Contains(listed[:i], a) {
			t.Errorf("docs/audit.md lists %s, which is no action or is there already", a)
		}
	}
}
