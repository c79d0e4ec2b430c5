package admin

import (
	"bytes"
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
	for _, own := range []struct {
		path    string
		differ  bool
		old, to any
	}{
		{"slug", before.Slug != after.Slug, orNull(before.Slug), orNull(after.Slug)},
		{"name", before.Name != after.Name, orNull(before.Name), orNull(after.Name)},
		{"hosts", !slices.Equal(before.Hosts, after.Hosts), before.Hosts, listed(after.Hosts)},
		{"state", before.State != after.State, orNull(string(before.State)), orNull(string(after.State))},
	} {
		if !own.differ {
			continue
		}
		old, err := valueText(own.old)
		if err != nil {
			return nil, err
		}
		to, err := valueText(own.to)
		if err != nil {
			return nil, err
		}
		all = append(all, tenants.Change{Path: own.path, Before: old, After: to})
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

// orNull is null for what is not there.
func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// valueText is a value as JSON that people read.
func valueText(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("compare tenants: %w", err)
	}
	return bytes.TrimSpace(b.Bytes()), nil
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
