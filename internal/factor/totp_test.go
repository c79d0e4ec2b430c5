package factor_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/factor"
)

var (
	rfcSeed = []byte("12345678901234567890")
	noon    = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC) // a step begins
)

// codeOf is the code of six digits at a time, every 30 seconds, by arithmetic of its own.
func codeOf(seed []byte, at time.Time) string {
	mac := hmac.New(sha1.New, seed)
	mac.Write(binary.BigEndian.AppendUint32(make([]byte, 4), uint32(at.Unix()/30)))
	sum := mac.Sum(nil)
	value, _ := strconv.ParseUint(hex.EncodeToString(sum[sum[19]%16:][:4]), 16, 32) // hexadecimal always parses
	return fmt.Sprintf("%06d", value%(1<<31)%1_000_000)
}

// The vectors of RFC 6238, appendix B, for SHA-1.
func TestCodesAreThoseOfTheRFC(t *testing.T) {
	for at, code := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037",
		20000000000: "65353130",
	} {
		for digits := 6; digits <= 8; digits++ { // shorter codes are the ends of longer ones
			app := factor.TOTP{Digits: digits, Period: 30 * time.Second}
			if step, ok := app.Match(rfcSeed, code[8-digits:], time.Unix(at, 0), nil); !ok || step != at/30 {
				t.Errorf("%d digits at %d: step %d, %v", digits, at, step, ok)
			}
		}
	}
}

// The vectors of RFC 4226, appendix D: with a period of one second, the time is the counter.
func TestStepsCountPeriods(t *testing.T) {
	codes := []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"}
	for _, period := range []int64{1, 30, 60, 3600} {
		app := factor.TOTP{Period: time.Duration(period) * time.Second}
		for step, code := range codes {
			for _, second := range []int64{0, period - 1} {
				at := time.Unix(int64(step)*period+second, 0)
				if got, ok := app.Match(rfcSeed, code, at, nil); !ok || got != int64(step) {
					t.Errorf("period %d, step %d, second %d: %d, %v", period, step, second, got, ok)
				}
			}
		}
	}
}

func TestACodeIsForgivenAsFarAsTheToleranceGoes(t *testing.T) {
	code := codeOf(rfcSeed, noon)
	step := noon.Unix() / 30
	for tolerance := range 3 {
		app := factor.TOTP{Tolerance: tolerance}
		reach := time.Duration(tolerance) * 30 * time.Second
		for at, want := range map[time.Time]bool{
			noon.Add(-reach - time.Second): false, noon.Add(-reach): true, noon: true, noon.Add(29 * time.Second): true,
			noon.Add(reach + 29*time.Second): true, noon.Add(reach + 30*time.Second): false,
		} {
			if got, ok := app.Match(rfcSeed, code, at, nil); ok != want || ok && got != step {
				t.Errorf("tolerance %d, %v from the step: %v, step %d", tolerance, at.Sub(noon), ok, got)
			}
		}
	}
	if _, ok := (factor.TOTP{Tolerance: -1}).Match(rfcSeed, code, noon, nil); !ok {
		t.Error("a tolerance below zero is not taken for zero")
	}
}

func TestAStepWorksOnce(t *testing.T) {
	app := factor.TOTP{Tolerance: 1}
	var used []int64
	take := func(code string, at time.Time) bool {
		step, ok := app.Match(rfcSeed, code, at, used)
		if ok {
			used = app.Remember(used, step, at)
		}
		return ok
	}
	before, now := codeOf(rfcSeed, noon.Add(-30*time.Second)), codeOf(rfcSeed, noon)
	if !take(now, noon) || !take(before, noon) {
		t.Fatal("two codes of two steps are not taken, one after the other")
	}
	for _, at := range []time.Duration{0, -30, 29, 30, 59} {
		if take(now, noon.Add(at*time.Second)) || take(before, noon.Add(at*time.Second)) {
			t.Errorf("a used code is taken %d seconds later", at)
		}
	}
	next := codeOf(rfcSeed, noon.Add(90*time.Second))
	if !take(next, noon.Add(90*time.Second)) {
		t.Fatal("the code of a later step is not taken")
	}
	// A replica whose clock is two periods behind still has the first codes within its tolerance.
	if take(now, noon.Add(30*time.Second)) {
		t.Error("a used code is taken by a server whose clock is behind")
	}
}

func TestStepsThatAreOverAreForgotten(t *testing.T) {
	app := factor.TOTP{Tolerance: 1}
	var used []int64
	for i := range 1000 {
		at := noon.Add(time.Duration(i) * 30 * time.Second)
		used = app.Remember(used, at.Unix()/30, at)
	}
	last := noon.Unix()/30 + 999
	if want := []int64{last - 3, last - 2, last - 1, last}; !slices.Equal(used, want) {
		t.Errorf("%v, want %v", used, want)
	}
	given := []int64{last, last - 1}
	if again := app.Remember(given, last, noon.Add(999*30*time.Second)); len(again) != 2 || given[0] != last {
		t.Errorf("a step that is remembered twice: %v, and what was given is %v", again, given)
	}
	// Under another period, the numbers of old steps are far away.
	minutes := factor.TOTP{Period: time.Minute}
	if left := minutes.Remember(used, noon.Unix()/60, noon); len(left) != 1 {
		t.Errorf("steps of another period are kept: %v", left)
	}
}

func TestACodeIsItsDigitsAndNothingElse(t *testing.T) {
	app := factor.TOTP{Tolerance: 1}
	code := codeOf(rfcSeed, noon)
	for name, typed := range map[string]string{
		"nothing": "", "a digit less": code[1:], "a digit more": code + "0", "a zero before": "0" + code, "a space after": code + " ",
		"a group": code[:3] + " " + code[3:], "other digits": strings.Map(func(c rune) rune { return c - '0' + '٠' }, code),
		"wide digits": strings.Map(func(c rune) rune { return c - '0' + '０' }, code), "a sign": "+" + code[1:], "letters": "abcdef",
		"as many bytes of other digits": "٠٠٠", "zeros that are none": "\x00\x00\x00\x00\x00\x00", "long": strings.Repeat("0", 1<<16),
	} {
		if _, ok := app.Match(rfcSeed, typed, noon, nil); ok {
			t.Errorf("%s matches", name)
		}
	}
	for _, seed := range [][]byte{nil, {}} {
		if _, ok := app.Match(seed, codeOf(seed, noon), noon, nil); ok {
			t.Error("the code of no seed at all matches")
		}
	}
}

func TestSeedsAreWhatAppsRead(t *testing.T) {
	seed := factor.NewSeed()
	text := factor.EncodeSeed(seed)
	if len(seed) != 20 || len(text) != 32 || slices.Equal(seed, factor.NewSeed()) {
		t.Fatalf("a seed of %d bytes, %d characters", len(seed), len(text))
	}
	if back, err := base32.StdEncoding.DecodeString(text); err != nil || !slices.Equal(back, seed) {
		t.Errorf("%s reads as %x: %v", text, back, err)
	}
}

func TestTheURLIsWhatAppsRead(t *testing.T) {
	const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	for want, got := range map[string]string{
		"otpauth://totp/ann%40example.org?secret=" + secret + "&issuer=Acme": factor.TOTP{}.URL(rfcSeed, "Acme", "ann@example.org"),
		"otpauth://totp/ann?secret=" + secret + "&issuer=Acme%20%26%20Co&digits=8&period=60": factor.TOTP{
			Digits: 8, Period: time.Minute,
		}.URL(rfcSeed, "Acme & Co", "ann"),
		"otpauth://totp/a%2Fb%3Fsecret%3Dx%20%2B?secret=" + secret + "&issuer=": factor.TOTP{
			Digits: 6, Period: 30 * time.Second, Tolerance: 2,
		}.URL(rfcSeed, "", "a/b?secret=x +"),
	} {
		if got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
		if u, err := url.Parse(got); err != nil || u.Query().Get("secret") != secret {
			t.Errorf("%s: %v, %v", got, u, err)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	app := factor.TOTP{Tolerance: 1}
	for b.Loop() {
		app.Match(rfcSeed, "000000", noon, nil)
	}
}

func FuzzMatch(f *testing.F) {
	f.Add(rfcSeed, "287082", int64(59), 6, 1, 30, int64(1))
	f.Add([]byte{}, "", int64(-1), 0, 0, 0, int64(0))
	f.Add(rfcSeed, "٠٠٠", int64(1)<<62, 8, 10, 3600, int64(-1))
	f.Fuzz(func(t *testing.T, seed []byte, code string, unix int64, digits, tolerance, period int, before int64) {
		app := factor.TOTP{Digits: digits % 12, Tolerance: tolerance % 11, Period: time.Duration(period%4000) * time.Second}
		now := time.Unix(unix, 0)
		step, ok := app.Match(seed, code, now, []int64{before})
		if !ok {
			return
		}
		if step == before || strings.Trim(code, "0123456789") != "" || len(seed) == 0 {
			t.Fatalf("%q matches step %d, used %d", code, step, before)
		}
		used := app.Remember([]int64{before}, step, now)
		if again, ok := app.Match(seed, code, now, used); ok && again == step {
			t.Fatalf("step %d matches twice, used %v", step, used)
		}
	})
}
