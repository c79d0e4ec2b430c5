package flows

import (
	"strings"
	"time"
	"unicode"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/tenants"
)

// process is the one machine for a code that was sent to an address or a number and is waited for. Proving an address or a
// number, logging in and resetting a password each have one, with settings of their own (see purpose).
//
// A process lives in its session, and its code means nothing in another. What is kept of the code is a MAC under the tenant's
// key over the tenant, the session, the purpose, the place it was sent to and the code: a stolen database gives no code
// away, and a code that was sent to an address that was changed since is no good. Wrong codes are counted with the session's
// version: of any number of guesses at once no more than the settings allow are answered. A new code does not put the
// deadline off, and the count of wrong ones survives it.
type process struct {
	Email   string    `json:"email,omitempty"`
	Phone   string    `json:"phone,omitempty"`
	UserID  string    `json:"user_id,omitempty"` // whose; "" where there is no account behind it
	Epoch   int64     `json:"epoch,omitempty"`   // the user's, where the session is not the user's and so does not end with it
	MAC     []byte    `json:"mac,omitempty"`     // none where no code is right
	Since   time.Time `json:"since"`
	Tries   int       `json:"tries,omitempty"`
	Resends int       `json:"resends,omitempty"`
	Changes int       `json:"changes,omitempty"`
	Taken   bool      `json:"taken,omitempty"` // it was changed to what another account has, which is not told
	Of      string    `json:"of,omitempty"`    // whose account has it, where word of that is sent in place of a code
}

// purpose is what a process is for, with what the tenant's settings say of it.
type purpose struct {
	name    string
	format  tenants.CodeFormat
	timeout time.Duration
	tries   int // wrong codes that end it
	resends int
	changes int
}

func (v *Visit) forLogin() purpose {
	a := &v.Tenant.Settings.Account
	return purpose{name: "login", format: a.LoginByCodeFormat, timeout: a.LoginByCodeTimeout.Duration(), tries: a.LoginByCodeMaxAttempts,
		resends: int(a.LoginByCodeSupportsResend)}
}

func (v *Visit) forEmail() purpose {
	a := &v.Tenant.Settings.Account
	return purpose{name: "email", format: a.EmailVerificationByCodeFormat, timeout: a.EmailVerificationByCodeTimeout.Duration(),
		tries: a.EmailVerificationByCodeMaxAttempts, resends: int(a.EmailVerificationSupportsResend), changes: int(a.EmailVerificationSupportsChange)}
}

func (v *Visit) forPhone() purpose {
	a := &v.Tenant.Settings.Account
	return purpose{name: "phone", format: a.PhoneVerificationCodeFormat, timeout: a.PhoneVerificationTimeout.Duration(),
		tries: a.PhoneVerificationMaxAttempts, resends: int(a.PhoneVerificationSupportsResend), changes: int(a.PhoneVerificationSupportsChange)}
}

func (v *Visit) forReset() purpose {
	a := &v.Tenant.Settings.Account
	return purpose{name: "reset", format: a.PasswordResetByCodeFormat, timeout: a.PasswordResetByCodeTimeout.Duration(),
		tries: a.PasswordResetByCodeMaxAttempts}
}

// start begins a process. The visit has a session by then.
func (v *Visit) start(p process) *process {
	p.Since = v.Now
	return &p
}

// code makes a new code for the process, in place of the one before.
func (v *Visit) code(of purpose, p *process) string {
	code := of.format.Code()
	p.MAC = v.Tenant.Keys.Sign(secret.ForCode, v.codeParts(of, p, code)...)
	return code
}

// void has no code be right any more.
func (p *process) void() { p.MAC = nil }

// late reports whether a process has run out.
func (v *Visit) late(of purpose, p *process) bool { return p != nil && v.Now.Sub(p.Since) > of.timeout }

// check compares what somebody typed with the code, in the same time however that ends. It notes the fault, and reports whether
// the code was right.
func (v *Visit) check(f *refusal.Faults, param string, of purpose, p *process, typed string) bool {
	typed = trim(typed)
	if !textFaults(f, param, typed, true) {
		return false
	}
	mac := p.MAC
	if len(mac) == 0 {
		mac = make([]byte, macSize)
	}
	if !v.Tenant.Keys.Verify(mac, secret.ForCode, v.codeParts(of, p, typed)...) || len(p.MAC) == 0 {
		f.Add(param, refusal.IncorrectCode)
		return false
	}
	return true
}

// macSize is the length of a MAC in bytes.
const macSize = 32

func (v *Visit) codeParts(of purpose, p *process, code string) []string {
	return []string{v.Tenant.ID, v.session.ID, of.name, p.Email, p.Phone, p.UserID, foldCode(code)}
}

// foldCode is what codes are compared by: people leave out the dash, put in spaces, and type small letters.
func foldCode(code string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		case unicode.IsSpace(r), unicode.IsPunct(r), unicode.IsSymbol(r):
			return -1
		default:
			return r
		}
	}, code)
}

// missed counts a wrong code, and reports whether it was the last that was allowed.
func (p *process) missed(of purpose) (over bool) {
	p.Tries++
	return p.Tries >= of.tries
}
