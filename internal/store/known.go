package store

import (
	_ "embed"
	"regexp"
	"slices"
	"sync"
)

// actionsSource is the file that has the constants. The list is made of it, so that none is left out.
//
//go:embed actions.go
var actionsSource string

var known = sync.OnceValue(func() []Action {
	var all []Action
	for _, found := range regexp.MustCompile(`(?m)^\t\w+ +Action = "([a-z_.]+)"`).FindAllStringSubmatch(actionsSource, -1) {
		all = append(all, Action(found[1]))
	}
	slices.Sort(all)
	return all
})

// Actions lists every action, sorted.
func Actions() []Action { return slices.Clone(known()) }
