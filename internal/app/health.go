package app

import "context"

// look tells package admin what package httpd's checks come to.
func (a *App) look(ctx context.Context) map[string]string {
	all := map[string]string{}
	for name, state := range a.health.Look(ctx) {
		all[name] = string(state)
	}
	return all
}
