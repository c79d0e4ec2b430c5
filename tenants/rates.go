package tenants

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// RatePer is what a rate counts by.
type RatePer string

// The things that a rate may count by.
const (
	PerIP   RatePer = "ip"   // the client's address
	PerUser RatePer = "user" // the account that is signed in
	PerKey  RatePer = "key"  // what was given: an address, a number, a username
)

// Rate is how often something may be done: Amount times in any Window, counted by Per.
type Rate struct {
	Amount int
	Window time.Duration
	Per    RatePer
}

// The bounds of a rate. A window is kept in memory or in Redis for its whole length.
const (
	maxRateAmount = 1_000_000
	minRateWindow = 100 * time.Millisecond
	maxRateWindow = 31 * 24 * time.Hour
	maxRates      = 8
)

// ParseRates reads rates such as "20/m/ip,5/5m/key". The last part may be left out, and is ip then. No text is no rates.
// Its errors are sentences that go after the name of a setting.
func ParseRates(text string) ([]Rate, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var rates []Rate
	for part := range strings.SplitSeq(text, ",") {
		r, err := parseRate(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(rates, func(other Rate) bool { return other.Window == r.Window && other.Per == r.Per }) {
			return nil, errors.New("must not have two rates of one duration per ip, user or key: only the smaller could ever count")
		}
		rates = append(rates, r)
	}
	if len(rates) > maxRates {
		return nil, fmt.Errorf("must be at most %d rates", maxRates)
	}
	return rates, nil
}

func parseRate(text string) (Rate, error) {
	parts := strings.Split(text, "/")
	if len(parts) != 2 && len(parts) != 3 {
		return Rate{}, errors.New("must be rates such as 20/m/ip or 5/10m/key, separated by commas")
	}
	amount, err := strconv.Atoi(parts[0])
	if err != nil || amount < 1 || amount > maxRateAmount {
		return Rate{}, fmt.Errorf("a rate's amount must be a whole number from 1 to %d", maxRateAmount)
	}
	window, err := parseWindow(parts[1])
	if err != nil {
		return Rate{}, err
	}
	per := PerIP
	if len(parts) == 3 {
		per = RatePer(parts[2])
	}
	if per != PerIP && per != PerUser && per != PerKey {
		return Rate{}, errors.New("a rate must be per ip, user or key")
	}
	return Rate{Amount: amount, Window: window, Per: per}, nil
}

var rateUnits = map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}

func parseWindow(text string) (time.Duration, error) {
	bad := errors.New("a rate's duration must be such as 10s, m, 5m, h or d, and at most 31d")
	if text == "" {
		return 0, bad
	}
	unit, ok := rateUnits[text[len(text)-1]]
	if !ok {
		return 0, bad
	}
	n := 1.0
	if digits := text[:len(text)-1]; digits != "" {
		if strings.Trim(digits, "0123456789.") != "" {
			return 0, bad // ParseFloat would take 1e3, 0x1p4, inf and signs
		}
		var err error
		if n, err = strconv.ParseFloat(digits, 64); err != nil {
			return 0, bad
		}
	}
	seconds := n * unit.Seconds()
	if seconds < minRateWindow.Seconds() || seconds > maxRateWindow.Seconds() {
		return 0, bad
	}
	return time.Duration(seconds * float64(time.Second)).Round(time.Millisecond), nil
}

// String writes the rate the way ParseRates reads it.
func (r Rate) String() string {
	window := strconv.FormatFloat(r.Window.Seconds(), 'f', -1, 64) + "s"
	for _, u := range []struct {
		name string
		size time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}} {
		if r.Window >= u.size && r.Window%u.size == 0 {
			if window = u.name; r.Window > u.size {
				window = strconv.FormatInt(int64(r.Window/u.size), 10) + u.name
			}
			break
		}
	}
	return strconv.Itoa(r.Amount) + "/" + window + "/" + string(r.Per)
}

// RateLimits is how often each action may be done. The zero value limits nothing.
type RateLimits struct {
	rates map[string][]Rate
}

// NewRateLimits is limits by action, in the syntax of ParseRates.
func NewRateLimits(byAction map[string]string) (RateLimits, error) {
	l := RateLimits{rates: map[string][]Rate{}}
	for action, text := range byAction {
		rates, err := ParseRates(text)
		if err != nil {
			return RateLimits{}, fmt.Errorf("%s: %w", action, err)
		}
		l.rates[action] = rates
	}
	return l, nil
}

// Of is the rates of an action. None means that it is not limited. The slice is shared: it is for reading.
func (l RateLimits) Of(action string) []Rate { return l.rates[action] }

// Actions are the actions that have a limit, sorted.
func (l RateLimits) Actions() []string {
	var names []string
	for _, a := range slices.Sorted(maps.Keys(l.rates)) {
		if len(l.rates[a]) > 0 {
			names = append(names, a)
		}
	}
	return names
}

// UnmarshalJSON reads false, for no limits at all, or a map whose actions replace those that l has already.
func (l *RateLimits) UnmarshalJSON(b []byte) error {
	if string(b) == "false" {
		*l = RateLimits{}
		return nil
	}
	var given map[string]string
	if err := json.Unmarshal(b, &given); err != nil {
		return err
	}
	parsed, err := NewRateLimits(given)
	if err != nil {
		return err
	}
	all := maps.Clone(l.rates)
	if all == nil {
		all = map[string][]Rate{}
	}
	maps.Copy(all, parsed.rates)
	l.rates = all
	return nil
}

// MarshalJSON writes false for no limits at all, and otherwise a map of every action.
func (l RateLimits) MarshalJSON() ([]byte, error) {
	if len(l.Actions()) == 0 {
		return []byte("false"), nil
	}
	out := make(map[string]string, len(l.rates))
	for action, rates := range l.rates {
		parts := make([]string, len(rates))
		for i, r := range rates {
			parts[i] = r.String()
		}
		out[action] = strings.Join(parts, ",")
	}
	return json.Marshal(out)
}

// accountRates are the default rates of the actions of account.rate_limits.
var accountRates = map[string]string{
	"change_password":         "5/m/user",
	"change_phone":            "1/m/user",
	"confirm_email":           "1/3m/key",
	"login":                   "30/m/ip",
	"login_failed":            "10/m/ip,5/5m/key",
	"manage_email":            "10/m/user",
	"provider":                "60/m/ip", // a login by redirect is two: the way there, and the way back
	"reauthenticate":          "10/m/user",
	"request_login_code":      "20/m/ip,3/m/key",
	"reset_password":          "20/m/ip,5/m/key",
	"reset_password_from_key": "20/m/ip",
	"signup":                  "20/m/ip",
	"verify_phone":            "1/30s/key,3/m/ip",
}

// confirmByCodeRate is the default rate of confirm_email where addresses are verified by code: with a code people wait
// at the screen, so that a second one may be asked for sooner than a second link.
const confirmByCodeRate = "1/10s/key"

var oidcRates = map[string]string{"device_user_code": "5/m/ip"}

// rateWithoutUser are actions of people who are not signed in, and rateWithoutKey those that name nothing to count by.
var (
	rateWithoutUser = Names{"confirm_email", "device_user_code", "login", "login_failed", "provider", "request_login_code",
		"reset_password", "reset_password_from_key", "signup", "verify_phone"}
	rateWithoutKey = Names{"change_password", "change_phone", "device_user_code", "login", "manage_email",
		"provider", "reauthenticate", "reset_password_from_key", "signup"}
)

// The default rates, read once: every reading of a configuration begins with them. They are shared and never changed, since UnmarshalJSON
// makes a map of its own.
var (
	ratesByLink = sync.OnceValue(func() RateLimits { return mustRates(accountRates) })
	ratesByCode = sync.OnceValue(func() RateLimits {
		rates := maps.Clone(accountRates)
		rates["confirm_email"] = confirmByCodeRate
		return mustRates(rates)
	})
	ratesOfOIDC = sync.OnceValue(func() RateLimits { return mustRates(oidcRates) })
)

func defaultAccountRates(byCode bool) RateLimits {
	if byCode {
		return ratesByCode()
	}
	return ratesByLink()
}

func defaultOIDCRates() RateLimits { return ratesOfOIDC() }

func mustRates(byAction map[string]string) RateLimits {
	l, err := NewRateLimits(byAction)
	if err != nil {
		panic("tenants: " + err.Error()) // the defaults are constants, and tested
	}
	return l
}
