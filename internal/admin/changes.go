package admin

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// changesOf is what differs between two states of a tenant: its name, hosts and state, and its configuration under config. Secrets are
// masked.
func changesOf(before, after *store.TenantRecord) ([]tenants.Change, error) {
	all := []tenants.Change{}
	add := func(path string, a, b any) error {
		change := tenants.Change{Path: path}
		for _, side := range []struct {
			value any
			into  *json.RawMessage
		}{{a, &change.Before}, {b, &change.After}} {
			text, err := json.Marshal(side.value)
			if err != nil {
				return fmt.Errorf("compare tenants: %w", err)
			}
			*side.into = text
		}
		all = append(all, change)
		return nil
	}
	orNull := func(text string) any {
		if text == "" {
			return nil
		}
		return text
	}
	if before.Slug != after.Slug {
		if err := add("slug", orNull(before.Slug), orNull(after.Slug)); err != nil {
			return nil, err
		}
	}
	if before.Name != after.Name {
		if err := add("name", orNull(before.Name), orNull(after.Name)); err != nil {
			return nil, err
		}
	}
	if !slices.Equal(before.Hosts, after.Hosts) {
		if err := add("hosts", listed(before.Hosts), listed(after.Hosts)); err != nil {
			return nil, err
		}
	}
	if before.State != after.State {
		if err := add("state", orNull(string(before.State)), orNull(string(after.State))); err != nil {
			return nil, err
		}
	}
	config, err := tenants.Diff(before.Document, after.Document)
	if err != nil {
		return nil, fmt.Errorf("compare the settings of tenant %s: %w", after.ID, err)
	}
	for _, c := range config {
		c.Path = inside("config", c.Path)
		all = append(all, c)
	}
	return all, nil
}

// listed is a list that is not null.
func listed(hosts []string) []string {
	if hosts == nil {
		return []string{}
	}
	return hosts
}

// mostInEvent bounds what an event says of a change, in bytes: a tenant may have a dozen templates of mails.
const mostInEvent = 16 << 10

// addChanges puts into an event's details what was changed. Where that is too long, the places alone: the versions have the rest.
func addChanges(details map[string]any, changes []tenants.Change) {
	size := 0
	places := make([]string, len(changes))
	for i, c := range changes {
		places[i] = c.Path
		size += len(c.Path) + len(c.Before) + len(c.After)
	}
	if size > mostInEvent {
		details["changed"] = places
		return
	}
	details["changes"] = changes
}
