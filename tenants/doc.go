// Package tenants holds the customers of the house: who they are, how they want things, and which of them a request is
// for.
//
// # Settings
//
// A tenant's configuration is a JSON document of what the tenant wants other than the defaults. It is stored sparse, so
// that a default that changes with a release reaches everybody who never said otherwise. Its life:
//
//	doc, settings, err := tenants.ParseNew(given)         // a new tenant gets a little that old documents did not
//	doc, settings, err = tenants.ParsePatch(doc, patch)   // RFC 7396; masked secrets keep their value
//	doc, settings, err = tenants.ParseWhole(doc, other)   // another in its place; likewise
//	doc, settings, err = tenants.ParseTemplate(doc, hosts, patch, false) // a new tenant that is like another one
//	err = settings.ValidateHosts(hosts)                   // what depends on the tenant's hosts
//	err = settings.ValidateTemplates(check)               // what depends on the kinds of mail
//	stored, err := tenants.SealSecrets(doc, keys, id)     // what goes into the database
//
//	doc, err = tenants.OpenSecrets(stored, keys, id)      // what comes out of it
//	settings, err = tenants.Decode(doc)                   // no stricter than when it was saved
//	shown, err := tenants.Redact(doc)                     // what people may see
//
// Names, meanings and defaults are those of django-allauth 65 wherever it has the setting. The comments of settings.go are
// the manual: internal/tools/settingsdoc makes schema.json and docs/settings.md of them, and documents are held against
// that very schema. What the schema cannot say, such as what a rate looks like, is a format in validate.go; what concerns
// several settings is in Settings.Validate.
//
// Faults come as *ConfigError, all at once: what is faulty is left out before the rest is judged, and nothing is told that
// only follows from that (draft.go). No fault repeats a value that may be secret, and a Secret does not come out of fmt,
// slog or encoding/json; only Reveal gives it.
//
// # Tenants
//
// A Tenant is shared between requests and never changed. Its methods answer what depends on more than one setting: the
// public URL (every link is built from it, never from a request), which origins may call and act, where links lead.
//
// # The directory
//
// A Directory finds the tenant of a request by its host, or by its tenant header where that is honoured; Resolve has the
// rules. It remembers tenants for seconds; the comment of Directory says exactly how long. What it declines is a
// *refusal.Refusal: Missing, Forbidden (suspended), or Invalid (two tenants named). Any other error is the source's.
package tenants

//go:generate go run ../internal/tools/settingsdoc
