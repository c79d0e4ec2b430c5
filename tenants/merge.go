package tenants

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/vestibule-auth/vestibule/internal/secret"
)

// sealedMark begins a secret as it is stored.
const sealedMark = "sealed:v1:"

// secretValue is the place of one secret in a document.
type secretValue struct {
	at    []string
	path  string         // the same as faults write it; also what the sealed value is bound to
	in    map[string]any // the object that has it
	key   string
	isURL bool
}

// text is the secret, or "" where there is none.
func (v secretValue) text() (string, error) {
	switch s := v.in[v.key].(type) {
	case nil:
		return "", nil
	case string:
		return s, nil
	default:
		return "", &ConfigError{[]Fault{{v.path, "must be text"}}}
	}
}

// smtpPath is the one secret that is a URL, of which the password alone is masked.
const smtpPath = "email.smtp_url"

// appSecrets are the keys of a provider's app that hold secrets, those of its settings, and those of what is advanced among them.
var appSecrets, appSettingsSecrets, appAdvancedSecrets = []string{"secret", "key"}, []string{"certificate_key"}, []string{"private_key"}

// secretsOf finds the secrets of a document. This is the one list of them; a test holds it against the schema.
func secretsOf(tree map[string]any) []secretValue {
	var all []secretValue
	find := func(in map[string]any, path []string, keys ...string) {
		for _, key := range keys {
			if _, ok := in[key]; ok {
				at := append(slices.Clone(path), key)
				all = append(all, secretValue{at, pathText(at), in, key, pathText(at) == smtpPath})
			}
		}
	}
	find(object(tree, "email"), []string{"email"}, "smtp_url")
	find(object(tree, "sms"), []string{"sms"}, "webhook_secret", "twilio_auth_token")
	find(object(tree, "headless"), []string{"headless"}, "jwt_private_key")
	providers := object(object(tree, "socialaccount"), "providers")
	for _, id := range slices.Sorted(maps.Keys(providers)) {
		for i, app := range appsOf(providers, id) {
			path := []string{"socialaccount", "providers", id, "apps", strconv.Itoa(i)}
			find(app, path, appSecrets...)
			settings := object(app, "settings")
			find(settings, append(path, "settings"), appSettingsSecrets...)
			find(object(settings, "advanced"), append(path, "settings", "advanced"), appAdvancedSecrets...)
		}
	}
	return all
}

// object is the object under a key, or nil.
func object(in map[string]any, key string) map[string]any {
	o, _ := in[key].(map[string]any)
	return o
}

// appsOf are the apps of a provider; what is not an object counts as an empty one, so that indices stay right.
func appsOf(providers map[string]any, id string) []map[string]any {
	list, _ := object(providers, id)["apps"].([]any)
	apps := make([]map[string]any, len(list))
	for i, one := range list {
		apps[i], _ = one.(map[string]any)
	}
	return apps
}

// Redact is a document as it may be shown: every secret that is set is replaced by Mask, in the SMTP URL the password
// alone.
func Redact(doc []byte) ([]byte, error) {
	tree, err := readDocument(doc)
	if err != nil {
		return nil, err
	}
	for _, v := range secretsOf(tree) {
		v.in[v.key] = masked(v.in[v.key], v.isURL)
	}
	return writeDocument(tree)
}

// masked is a secret as it may be shown. One that is not set is shown as that.
func masked(v any, isURL bool) any {
	switch s, ok := v.(string); {
	case v == nil, ok && s == "":
		return v
	case ok && isURL:
		return maskURL(s)
	default:
		return Mask
	}
}

// SealSecrets is a document as it is stored: every secret is sealed under the tenant's keys, and bound to the tenant and
// to its place, so that it cannot be moved.
func SealSecrets(doc []byte, keys *secret.Keys, tenantID string) ([]byte, error) {
	return eachSecret(doc, func(path, value string) (string, error) {
		if strings.HasPrefix(value, sealedMark) {
			return "", fmt.Errorf("seal settings: %s is sealed already", path)
		}
		sealed := keys.Seal(secret.ForSettings, tenantID+"/"+path, []byte(value))
		return sealedMark + base64.StdEncoding.EncodeToString(sealed), nil
	})
}

// OpenSecrets is the document that SealSecrets was given. A secret that was sealed for another tenant or place, or is not
// sealed at all, is an error that names its path.
func OpenSecrets(doc []byte, keys *secret.Keys, tenantID string) ([]byte, error) {
	return eachSecret(doc, func(path, value string) (string, error) {
		text, ok := strings.CutPrefix(value, sealedMark)
		if !ok {
			return "", fmt.Errorf("open settings: %s is not sealed", path)
		}
		sealed, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return "", fmt.Errorf("open settings: %s: %w", path, secret.ErrUnreadable)
		}
		plain, err := keys.Open(secret.ForSettings, tenantID+"/"+path, sealed)
		if err != nil {
			return "", fmt.Errorf("open settings: %s: %w", path, err)
		}
		return string(plain), nil
	})
}

// eachSecret replaces every secret that is set.
func eachSecret(doc []byte, replace func(path, value string) (string, error)) ([]byte, error) {
	tree, err := readDocument(doc)
	if err != nil {
		return nil, err
	}
	for _, v := range secretsOf(tree) {
		value, err := v.text()
		if err != nil {
			return nil, err
		}
		if value == "" {
			continue
		}
		if v.in[v.key], err = replace(v.path, value); err != nil {
			return nil, err
		}
	}
	return writeDocument(tree)
}

// merge makes of a draft, which is a merge patch, the document that it makes of old.
func (d *draft) merge(old map[string]any) {
	change := d.tree
	d.tree, _ = mergeValue(old, change).(map[string]any)
	d.keepFixed(old)
	d.keepAppSecrets(old, change)
}

// mergeValue is target changed by patch. The objects of both stay as they are.
func mergeValue(target, patch any) any {
	changes, ok := patch.(map[string]any)
	if !ok {
		return copyOf(patch)
	}
	out := map[string]any{}
	if t, ok := target.(map[string]any); ok {
		out, _ = copyOf(t).(map[string]any)
	}
	for key, v := range changes {
		if v == nil {
			delete(out, key)
		} else {
			out[key] = mergeValue(out[key], v)
		}
	}
	return out
}

// copyOf is a deep copy, since secrets are put into it.
func copyOf(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, one := range v {
			out[k] = copyOf(one)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = copyOf(one)
		}
		return out
	default:
		return v
	}
}

// keepFixed puts stored secrets in the place of masks, where a secret has a fixed place.
func (d *draft) keepFixed(old map[string]any) {
	stored := map[string]string{}
	for _, v := range secretsOf(old) {
		stored[v.path], _ = v.in[v.key].(string)
	}
	for _, v := range secretsOf(d.tree) {
		given, _ := v.in[v.key].(string)
		if strings.HasPrefix(v.path, "socialaccount.") || !isMasked(given, v.isURL) {
			continue
		}
		switch keep := stored[v.path]; {
		case keep == "":
			d.fault(v.at, "%s", errNothingToKeep)
		case v.isURL && given != Mask && !sameServer(given, keep):
			d.fault(v.at, "give the password again: it only stays where scheme, user and host stay the same")
		default:
			v.in[v.key] = keep
		}
	}
}

func isMasked(given string, isURL bool) bool {
	if given == Mask || !isURL {
		return given == Mask
	}
	u, err := url.Parse(given)
	if err != nil {
		return false // and refused by Parse
	}
	password, _ := u.User.Password()
	return password == Mask
}

// sameServer reports whether two URLs send a password to the same server, over the same protocol, as the same user.
func sameServer(a, b string) bool {
	x, errX := url.Parse(a)
	y, errY := url.Parse(b)
	return errX == nil && errY == nil && x.Scheme == y.Scheme && x.Host == y.Host && x.User.Username() == y.User.Username()
}

// destinations are the keys, of a provider and of an app's settings, that decide which server gets an app's secrets.
var destinations = []string{"server_url", "github_url", "gitlab_url"}

// sameDestination reports whether two objects name the same servers.
func sameDestination(a, b map[string]any) bool {
	for _, key := range destinations {
		x, _ := a[key].(string)
		y, _ := b[key].(string)
		if x != y {
			return false
		}
	}
	return true
}

// keepAppSecrets puts stored secrets in the place of masks in providers' apps, and refuses changes that would send a
// stored secret elsewhere.
func (d *draft) keepAppSecrets(old, change map[string]any) {
	before := object(object(old, "socialaccount"), "providers")
	changed := object(object(change, "socialaccount"), "providers")
	after := object(object(d.tree, "socialaccount"), "providers")
	for _, id := range slices.Sorted(maps.Keys(after)) {
		moved := !sameDestination(object(before, id), object(after, id))
		_, given := object(changed, id)["apps"].([]any)
		oldApps := appsOf(before, id)
		for i, app := range appsOf(after, id) {
			path := []string{"socialaccount", "providers", id, "apps", strconv.Itoa(i)}
			if !given {
				if moved && hasSecrets(app) {
					d.fault(path, "give the app's secrets again: they only stay where their server stays the same")
				}
				continue
			}
			stored := storedApp(oldApps, app, i)
			if moved {
				stored = nil
			}
			d.keepMasked(app, stored, path, appSecrets)
			settings, before := object(app, "settings"), object(stored, "settings")
			d.keepMasked(settings, before, append(path, "settings"), appSettingsSecrets)
			d.keepMasked(object(settings, "advanced"), object(before, "advanced"), append(path, "settings", "advanced"), appAdvancedSecrets)
		}
	}
}

// storedApp is the stored app that a given one is: of the same id, client id and server, and at the same place where there
// are several.
func storedApp(stored []map[string]any, app map[string]any, at int) map[string]any {
	same := func(a map[string]any) bool {
		return a["provider_id"] == app["provider_id"] && a["client_id"] == app["client_id"] &&
			sameDestination(object(a, "settings"), object(app, "settings"))
	}
	if at < len(stored) && same(stored[at]) {
		return stored[at]
	}
	if i := slices.IndexFunc(stored, same); i >= 0 {
		return stored[i]
	}
	return nil
}

func (d *draft) keepMasked(app, stored map[string]any, path []string, keys []string) {
	for _, key := range keys {
		if app[key] != Mask {
			continue
		}
		if keep, _ := stored[key].(string); keep != "" {
			app[key] = keep
			continue
		}
		d.fault(append(slices.Clone(path), key),
			"is masked, but a stored secret only stays where provider, client id and server stay the same: give it again")
	}
}

func hasSecrets(app map[string]any) bool {
	set := func(in map[string]any, keys []string) bool {
		return slices.ContainsFunc(keys, func(k string) bool { s, _ := in[k].(string); return s != "" })
	}
	settings := object(app, "settings")
	return set(app, appSecrets) || set(settings, appSettingsSecrets) || set(object(settings, "advanced"), appAdvancedSecrets)
}
