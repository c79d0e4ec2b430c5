// Package passrule says what is wrong with a new password.
//
// The rules are those that Django's default validators stand for, with the same outcome for the same password:
//
//   - similar: like one of the owner's own details, or a part of one ("alice" in alice@example.org). Likeness is the
//     share of characters that both have, wherever they stand (difflib's quick_ratio), and 0.7 is too much;
//   - too short: fewer characters (Unicode code points) than asked for;
//   - common: on the list of common passwords, whatever its case and the space around it. The list, common.txt, has
//     some twenty-two thousand: those that Royce Williams counted in leaks, as Django has them, and those of zxcvbn;
//   - numeric: digits alone, of any script.
//
// A password of more than MaxBytes is too long, and nothing else is said of it. There is no score: what is not forbidden
// by a rule that can be told in one sentence is accepted.
package passrule

import (
	_ "embed" // the list of common passwords
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// MaxBytes is the longest password in bytes.
const MaxBytes = 4096

const (
	// tooSimilar is the likeness from which a password is refused.
	tooSimilar = 0.7

	// maxCompared is how many bytes of an attribute are looked at: more than any name or address needs.
	maxCompared = 1024
)

// Code names a rule that a password breaks. The spelling is that of the contract's codes.
type Code string

// The rules.
const (
	TooSimilar Code = "password_too_similar"
	TooShort   Code = "password_too_short"
	TooCommon  Code = "password_too_common"
	Numeric    Code = "password_entirely_numeric"
	TooLong    Code = "password_too_long"
)

// Fault is one rule that a password breaks.
type Fault struct {
	Code      Code
	Attribute string // of TooSimilar: the name of the first attribute that the password is like
}

// Attribute is one of the owner's details, such as the email address.
type Attribute struct{ Name, Value string }

// Rules are what a tenant asks of a password. The zero value asks for no length.
type Rules struct {
	MinLength int // characters
}

// Check returns every rule that the password breaks, in the order of the package doc, or nil.
func (r Rules) Check(password string, attributes []Attribute) []Fault {
	if len(password) > MaxBytes {
		return []Fault{{Code: TooLong}}
	}
	var faults []Fault
	if name, similar := like(password, attributes); similar {
		faults = append(faults, Fault{Code: TooSimilar, Attribute: name})
	}
	if utf8.RuneCountInString(password) < r.MinLength {
		faults = append(faults, Fault{Code: TooShort})
	}
	if _, found := slices.BinarySearch(common(), strings.TrimSpace(strings.ToLower(password))); found {
		faults = append(faults, Fault{Code: TooCommon})
	}
	if numeric(password) {
		faults = append(faults, Fault{Code: Numeric})
	}
	return faults
}

//go:embed common.txt
var commonText string

// common are the common passwords, in lower case and in the order of their bytes.
var common = sync.OnceValue(func() []string { return strings.Split(strings.TrimSuffix(commonText, "\n"), "\n") })

func numeric(password string) bool {
	for _, c := range password {
		if !unicode.IsDigit(c) {
			return false
		}
	}
	return password != ""
}

// like finds the first attribute that the password is too similar to, as a whole or in a part.
func like(password string, attributes []Attribute) (name string, similar bool) {
	p := count(strings.ToLower(password))
	for _, a := range attributes {
		value := strings.ToLower(head(a.Value))
		for _, part := range append(strings.FieldsFunc(value, notWord), value) {
			if part != "" && p.like(part) {
				return a.Name, true
			}
		}
	}
	return "", false
}

// notWord reports whether c separates the parts of an attribute: all but letters, numbers and the underscore do.
func notWord(c rune) bool { return c != '_' && !unicode.IsLetter(c) && !unicode.IsNumber(c) }

// head is the beginning of an attribute that is looked at, cut between characters.
func head(value string) string {
	if len(value) <= maxCompared {
		return value
	}
	cut := maxCompared
	for cut > 0 && !utf8.RuneStart(value[cut]) {
		cut--
	}
	return value[:cut]
}

// counted is a text as the number of times that each character is in it.
type counted struct {
	length int
	times  map[rune]int
}

func count(text string) counted {
	c := counted{times: map[rune]int{}}
	for _, r := range text {
		c.times[r]++
		c.length++
	}
	return c
}

// like reports whether the password and the part share so many characters that one is too much like the other. A part
// that is ten times shorter than the password is passed over, as it can be only a small share of it.
func (p counted) like(part string) bool {
	length := utf8.RuneCountInString(part)
	if p.length >= 10*length && float64(length) < tooSimilar/2*float64(p.length) {
		return false
	}
	if p.length == 0 {
		return false
	}
	left, both := map[rune]int{}, 0
	for _, r := range part {
		n, seen := left[r]
		if !seen {
			n = p.times[r]
		}
		if n > 0 {
			both++
		}
		left[r] = n - 1
	}
	return 2*float64(both)/float64(p.length+length) >= tooSimilar
}
