package admin

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/factor"
	"github.com/vestibule-auth/vestibule/internal/passhash"
	"github.com/vestibule-auth/vestibule/internal/refusal"
)

// This file reads the rows of an import. A row is a JSON object or a line of CSV, whose columns are the object's members; docs/import.md has
// them all.

// maxRow is the longest row, in bytes, and mostFaults how many faults of one are told.
const (
	maxRow     = 256 << 10
	mostFaults = 20
)

// rowMembers are the members of a row. Those that are text may stand in CSV as they are; the others are JSON there.
var rowMembers = []string{"id", "username", "name", "email", "email_verified", "emails", "phone", "phone_verified", "password_hash", "active",
	"created_at", "last_login_at", "metadata_public", "metadata_private", "authenticators", "provider_accounts"}

var (
	textMembers = []string{"id", "username", "name", "email", "phone", "password_hash", "created_at", "last_login_at"}
	boolMembers = []string{"email_verified", "phone_verified", "active"}
)

// A row is one user as the file has it, before anything is known of it but where it stands.
type row struct {
	line int64 // in its chunk, from 0
	doc  json.RawMessage
	bad  string // why it cannot be read at all
}

// splitRows takes a chunk apart. Of CSV the header says what the columns are; the chunk with number 1 begins with it, and it is returned.
// lines is how many lines the chunk has. The work grows with the chunk's length, whatever is in it: anybody who may import sends chunks.
func splitRows(ctx context.Context, format string, first bool, header []string, chunk []byte) (rows []row, columns []string, lines int64, err error) {
	lines = int64(bytes.Count(chunk, []byte("\n")))
	if len(chunk) > 0 && chunk[len(chunk)-1] != '\n' {
		lines++
	}
	if first {
		chunk = bytes.TrimPrefix(chunk, []byte("\xef\xbb\xbf"))
	}
	if format == formatCSV {
		rows, columns, err = splitCSV(ctx, first, header, chunk)
		return rows, columns, lines, err
	}
	at := int64(0)
	for text := range bytes.SplitSeq(chunk, []byte("\n")) {
		if text = bytes.TrimSpace(text); len(text) > 0 {
			rows = append(rows, row{line: at, doc: text})
		}
		at++
	}
	return rows, nil, lines, ctx.Err()
}

// maxRestarts is how often the reading of a chunk begins anew behind a line whose quotes do not fit.
const maxRestarts = 100

// splitCSV is splitRows for CSV (RFC 4180). A record that is wrong and has swallowed the lines after it, since a quote in it does not end,
// is held to be one line, so that it loses nothing else.
func splitCSV(ctx context.Context, first bool, header []string, chunk []byte) (rows []row, columns []string, err error) {
	restarts, base := 0, int64(0)
	r := csvReader(chunk)
	for {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		start := r.InputOffset()
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, header, nil
		}
		var wrong *csv.ParseError
		var got row
		switch {
		case errors.As(err, &wrong):
			got = row{line: base + int64(wrong.StartLine-1), bad: "this is not CSV: " + wrong.Err.Error()}
		case err != nil:
			return nil, nil, fmt.Errorf("read CSV: %w", err)
		case first:
			first = false
			header = trimmed(record)
			continue
		default:
			at, _ := r.FieldPos(0)
			if got.line = base + int64(at-1); header != nil { // without one the rows are counted only
				got = csvRow(got.line, header, record)
			}
		}
		rows = append(rows, got)
		if got.bad == "" || restarts == maxRestarts {
			continue
		}
		if line := firstLine(chunk[start:r.InputOffset()]); start+line < r.InputOffset() {
			restarts++
			chunk, base = chunk[start+line:], got.line+1
			r = csvReader(chunk)
		}
	}
}

func csvReader(chunk []byte) *csv.Reader {
	r := csv.NewReader(bytes.NewReader(chunk))
	r.FieldsPerRecord = -1
	return r
}

// firstLine is where the first line of a record ends. The empty lines that were passed over before it are none of it.
func firstLine(record []byte) int64 {
	at := 0
	for {
		n := bytes.IndexByte(record[at:], '\n')
		if n < 0 {
			return int64(len(record))
		}
		empty := n == 0 || n == 1 && record[at] == '\r'
		if at += n + 1; !empty {
			return int64(at)
		}
	}
}

func trimmed(record []string) []string {
	all := make([]string, len(record))
	for i := range record {
		all[i] = strings.TrimSpace(record[i])
	}
	return all
}

// csvRow is a record as the object that it means. An empty field is not there.
func csvRow(line int64, header, record []string) row {
	if len(record) != len(header) {
		return row{line: line, bad: fmt.Sprintf("it has %d fields, and the header %d", len(record), len(header))}
	}
	doc := map[string]json.RawMessage{}
	for i, name := range header {
		value := record[i]
		switch {
		case value == "":
		case slices.Contains(boolMembers, name):
			doc[name] = json.RawMessage(csvBool(value))
		case slices.Contains(textMembers, name) && (name != "password_hash" || !strings.HasPrefix(value, `{"`)):
			doc[name], _ = json.Marshal(value) // text can always be encoded
		case json.Valid([]byte(value)):
			doc[name] = json.RawMessage(value)
		default:
			return row{line: line, bad: name + " is not JSON"}
		}
	}
	text, err := json.Marshal(doc)
	if err != nil {
		return row{line: line, bad: "it cannot be read"}
	}
	return row{line: line, doc: text}
}

// csvBool is a truth value as other programs write it in CSV; what is none stays text, for the reader of rows to name.
func csvBool(value string) string {
	switch strings.ToLower(strings.TrimSpace(value)) {
	case "true", "t", "1", "yes":
		return "true"
	case "false", "f", "0", "no":
		return "false"
	}
	text, _ := json.Marshal(value) // text can always be encoded
	return string(text)
}

// headerFaults are what is wrong with the columns of CSV.
func headerFaults(header []string) (all []Fault) {
	var f faults
	if len(header) == 0 {
		f.add("", "the first line must name the columns")
	}
	for i, name := range header {
		if f.enough() {
			break
		}
		switch {
		case !slices.Contains(rowMembers, name):
			f.add(memberPath(name), "unknown column; the columns are %s", strings.Join(rowMembers, ", "))
		case slices.Index(header, name) != i:
			f.add(name, "is given twice")
		}
	}
	return f.most(mostFaults)
}

// migrant reads a row. What is wrong with it is in f.
func (f *faults) migrant(doc json.RawMessage) flows.Migrant {
	m := flows.Migrant{Active: true}
	if len(doc) > maxRow {
		f.add("", "is longer than %d bytes", maxRow)
		return m
	}
	given := present(f.members(doc, rowMembers))
	for name, to := range map[string]*string{"id": &m.ID, "username": &m.Username, "name": &m.Name, "phone": &m.Phone} {
		if raw, ok := given[name]; ok {
			*to = f.text(name, raw)
		}
	}
	if raw, ok := given["id"]; ok && len(raw) > 0 && raw[0] >= '0' && raw[0] <= '9' {
		f.drop("id") // many systems count their users
		m.ID = string(raw)
	}
	for name, to := range map[string]*bool{"phone_verified": &m.PhoneVerified, "active": &m.Active} {
		if raw, ok := given[name]; ok {
			*to = f.truth(name, raw)
		}
	}
	m.CreatedAt, m.LastLoginAt = f.when(given, "", "created_at"), f.when(given, "", "last_login_at")
	m.MetadataPublic, m.MetadataPrivate = f.metadata(given, "metadata_public", nil), f.metadata(given, "metadata_private", nil)
	m.Emails = f.migrantEmails(given)
	if raw, ok := given["password_hash"]; ok {
		m.Password = f.hash(raw)
	}
	if raw, ok := given["authenticators"]; ok {
		f.migrantFactors(raw, &m)
	}
	for i, raw := range f.listed("provider_accounts", given["provider_accounts"]) {
		if f.enough() {
			break
		}
		path := fmt.Sprintf("provider_accounts[%d]", i)
		p := f.below(path, raw, []string{"provider", "uid", "display", "created_at", "last_used_at"})
		m.Providers = append(m.Providers, flows.MigrantProvider{
			Provider: f.inner(path, "provider", p), UID: f.inner(path, "uid", p), Display: f.inner(path, "display", p), CreatedAt: f.when(p, path, "created_at"), LastUsedAt: f.when(p, path, "last_used_at"),
		})
	}
	return m
}

// present is without what is null, which is as good as not given.
func present(given map[string]json.RawMessage) map[string]json.RawMessage {
	for name, raw := range given {
		if string(raw) == "null" {
			delete(given, name)
		}
	}
	return given
}

// enough reports whether a row has more faults than are told.
func (f *faults) enough() bool { return len(*f) > mostFaults }

// drop forgets the faults of a path.
func (f *faults) drop(path string) {
	*f = slices.DeleteFunc(*f, func(fault Fault) bool { return fault.Path == path })
}

func (f *faults) truth(path string, raw json.RawMessage) bool {
	var v any
	if json.Unmarshal(raw, &v) == nil {
		if b, ok := v.(bool); ok {
			return b
		}
	}
	f.add(path, "must be true or false")
	return false
}

// below reads an object inside a row.
func (f *faults) below(path string, raw json.RawMessage, known []string) map[string]json.RawMessage {
	var inner faults
	given := present(inner.members(raw, known))
	for _, fault := range inner {
		f.add(inside(path, fault.Path), "%s", fault.Message)
	}
	return given
}

// listed reads a list, of which nothing is given as of an empty one.
func (f *faults) listed(path string, raw json.RawMessage) []json.RawMessage {
	if len(raw) == 0 {
		return nil
	}
	var all []json.RawMessage
	if json.Unmarshal(raw, &all) != nil || all == nil {
		f.add(path, "must be a list")
		return nil
	}
	return all
}

// inner is a text member of an object inside a row, "" where it is not given.
func (f *faults) inner(path, name string, given map[string]json.RawMessage) string {
	raw, ok := given[name]
	if !ok {
		return ""
	}
	return f.text(inside(path, name), raw)
}

// timeForms are how times may be written: as in RFC 3339, and as PostgreSQL writes them.
var timeForms = []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999-07"}

func (f *faults) when(given map[string]json.RawMessage, path, name string) time.Time {
	raw, ok := given[name]
	if !ok {
		return time.Time{}
	}
	at := inside(path, name)
	if path == "" {
		at = name
	}
	text := f.text(at, raw)
	for _, form := range timeForms {
		if t, err := time.Parse(form, text); err == nil {
			return t
		}
	}
	if !f.has(at) {
		f.add(at, "must be a time with its zone, such as 2026-01-31T12:00:00Z")
	}
	return time.Time{}
}

func (f *faults) migrantEmails(given map[string]json.RawMessage) []flows.MigrantEmail {
	if raw, ok := given["email"]; ok {
		if _, both := given["emails"]; both {
			f.add("emails", "cannot be given together with email")
		}
		e := flows.MigrantEmail{Email: f.text("email", raw), Primary: true}
		if raw, ok := given["email_verified"]; ok {
			e.Verified = f.truth("email_verified", raw)
		}
		return []flows.MigrantEmail{e}
	}
	if _, ok := given["email_verified"]; ok {
		f.add("email_verified", "goes with email")
	}
	var all []flows.MigrantEmail
	for i, raw := range f.listed("emails", given["emails"]) {
		if f.enough() {
			break
		}
		path := fmt.Sprintf("emails[%d]", i)
		m := f.below(path, raw, []string{"email", "verified", "primary"})
		e := flows.MigrantEmail{Email: f.inner(path, "email", m)}
		for name, to := range map[string]*bool{"verified": &e.Verified, "primary": &e.Primary} {
			if raw, ok := m[name]; ok {
				*to = f.truth(path+"."+name, raw)
			}
		}
		all = append(all, e)
	}
	return all
}

// hash reads a password's hash: the string, or the parts that some systems export.
func (f *faults) hash(raw json.RawMessage) string {
	if len(raw) > 0 && raw[0] == '"' {
		return f.text("password_hash", raw)
	}
	f.below("password_hash", raw, passhash.ForeignMembers)
	var foreign passhash.Foreign
	if json.Unmarshal(raw, &foreign) != nil {
		f.add("password_hash", "must be text, or an object of text and whole numbers")
		return ""
	}
	encoded, err := foreign.Encode()
	if err != nil {
		f.add("password_hash", "%s", err.Error())
	}
	return encoded
}

func (f *faults) migrantFactors(raw json.RawMessage, m *flows.Migrant) {
	const path = "authenticators"
	given := f.below(path, raw, []string{"totp", "recovery_codes", "webauthn"})
	if raw, ok := given["totp"]; ok {
		in := f.below(path+".totp", raw, []string{"secret", "created_at", "last_used_at"})
		m.TOTP = &flows.MigrantTOTP{
			Secret:    f.inner(path+".totp", "secret", in),
			CreatedAt: f.when(in, path+".totp", "created_at"), LastUsedAt: f.when(in, path+".totp", "last_used_at"),
		}
	}
	if raw, ok := given["recovery_codes"]; ok {
		at := path + ".recovery_codes"
		in := f.below(at, raw, []string{"codes", "total", "created_at"})
		m.Codes = &flows.MigrantCodes{CreatedAt: f.when(in, at, "created_at")}
		for i, code := range f.listed(at+".codes", in["codes"]) {
			if f.enough() {
				break
			}
			m.Codes.Unused = append(m.Codes.Unused, f.text(fmt.Sprintf("%s.codes[%d]", at, i), code))
		}
		if raw, ok := in["total"]; ok && (json.Unmarshal(raw, &m.Codes.Total) != nil || m.Codes.Total < 0 || m.Codes.Total > 100) {
			f.add(at+".total", "must be a whole number from 0 to 100")
		}
	}
	for i, raw := range f.listed(path+".webauthn", given["webauthn"]) {
		if f.enough() {
			break
		}
		m.Keys = append(m.Keys, f.migrantKey(fmt.Sprintf("%s.webauthn[%d]", path, i), raw))
	}
}

// keyMembers are those of a WebAuthn credential: credential is the browser's answer when it was made; the others are what is kept of it
// where that was not.
var keyMembers = []string{"name", "credential", "id", "public_key", "sign_count", "transports", "backup_eligible", "backed_up", "user_verified",
	"discoverable", "rp_id", "user_handle", "created_at", "last_used_at"}

func (f *faults) migrantKey(path string, raw json.RawMessage) flows.MigrantKey {
	in := f.below(path, raw, keyMembers)
	k := flows.MigrantKey{
		Name: f.inner(path, "name", in), UserHandle: f.binary(path, "user_handle", in), CreatedAt: f.when(in, path, "created_at"),
		LastUsedAt: f.when(in, path, "last_used_at"),
	}
	if answer, ok := in["credential"]; ok {
		k.Answer = answer
		for _, name := range []string{"id", "public_key", "sign_count", "transports", "backup_eligible", "backed_up", "user_verified", "rp_id"} {
			if _, both := in[name]; both {
				f.add(path+"."+name, "cannot be given together with credential")
			}
		}
		return k
	}
	k.Kept = factor.Credential{ID: f.binary(path, "id", in), PublicKey: f.binary(path, "public_key", in), RPID: f.inner(path, "rp_id", in)}
	if raw, ok := in["sign_count"]; ok && json.Unmarshal(raw, &k.Kept.SignCount) != nil {
		f.add(path+".sign_count", "must be a whole number from 0 to 4294967295")
	}
	if raw, ok := in["transports"]; ok && json.Unmarshal(raw, &k.Kept.Transports) != nil {
		f.add(path+".transports", "must be a list of texts")
	}
	for name, to := range map[string]*bool{
		"backup_eligible": &k.Kept.BackupEligible, "backed_up": &k.Kept.BackedUp, "user_verified": &k.Kept.UserVerified,
	} {
		if raw, ok := in[name]; ok {
			*to = f.truth(path+"."+name, raw)
		}
	}
	if raw, ok := in["discoverable"]; ok {
		known := f.truth(path+".discoverable", raw)
		k.Kept.Discoverable = &known
	}
	return k
}

// binary is a member that holds bytes, as base64url or base64.
func (f *faults) binary(path, name string, given map[string]json.RawMessage) []byte {
	text := f.inner(path, name, given)
	if text == "" {
		return nil
	}
	text = strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(text), "=")
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		f.add(path+"."+name, "must be base64")
	}
	return b
}

// refused takes over what flows have against a row, in the row's own terms.
func (f *faults) refused(doc json.RawMessage, err error) error {
	r, ok := refusal.As(err)
	if !ok || r.Kind != refusal.Invalid {
		return err
	}
	for _, d := range r.Details {
		f.add(pathIn(doc, d.Param), "%s", d.Message)
	}
	return nil
}

// pathIn is the path of something in a row, which may have its one address in members of their own.
func pathIn(doc json.RawMessage, path string) string {
	own, is := map[string]string{"emails[0].email": "email", "emails[0].verified": "email_verified"}[path]
	var one struct{ Email *json.RawMessage }
	if is && json.Unmarshal(doc, &one) == nil && one.Email != nil {
		return own
	}
	return path
}
