package admin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// badChunks are chunks as long as they may be, all of whose rows are wrong: with a wrong number of fields, with such a row over two lines,
// and with a quote that does not fit. Each row has that many lines.
var badChunks = map[string]int64{"x\n": 1, "\"\n\"\n": 2, "a\"b\n": 1, "\n\r\nx\n": 3}

// The work for a chunk grows with its length, whatever is in it: these chunks are read at once, and not in minutes or hours.
func TestChunksOfBadRowsAreReadInOnePass(t *testing.T) {
	for text, high := range badChunks {
		n := MaxChunk / len(text)
		rows, _, lines, err := splitRows(t.Context(), formatCSV, false, []string{"id", "email"}, []byte(strings.Repeat(text, n)))
		if err != nil || lines != int64(n)*high {
			t.Fatalf("%q: %d lines, %v", text, lines, err)
		}
		if high != 2 && len(rows) != n { // where quotes are odd, what is a row depends on where one begins
			t.Errorf("%q: %d rows, not %d", text, len(rows), n)
		}
		last := int64(-1)
		for i, r := range rows {
			if r.bad == "" || r.line <= last || r.line >= lines {
				t.Fatalf("%q: row %d is %+v, after line %d", text, i, r, last)
			}
			if at := int64(i)*high + high - 1; high != 2 && r.line != at {
				t.Fatalf("%q: row %d is said to be on line %d, not %d", text, i, r.line, at)
			}
			last = r.line
		}
	}
}

// A bad row loses itself alone, also behind empty lines, and between rows that have several lines.
func TestReadingGoesOnBehindABadRow(t *testing.T) {
	chunk := "\r\n\n1,\"a@example.org\n\n2,b@example.org\n\"3\n\"\n\n4,d@example.org\n"
	rows, _, lines, err := splitRows(t.Context(), formatCSV, false, []string{"id", "email"}, []byte(chunk))
	if err != nil || lines != 9 {
		t.Fatal(lines, err)
	}
	var got []string
	for _, r := range rows {
		got = append(got, fmt.Sprint(r.line, r.bad == ""))
	}
	if all := strings.Join(got, ", "); all != "2 false, 4 true, 5 false, 6 false, 8 true" {
		t.Errorf("the rows are %s", all)
	}
}

func TestRowsAreNotReadForNobody(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, format := range []string{formatCSV, formatNDJSON} {
		if _, _, _, err := splitRows(ctx, format, false, nil, []byte("1,2\n")); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", format, err)
		}
	}
}

// Nobody reads ten thousand faults of one row, and a file of such rows would fill the disk.
func TestFaultsOfARowAreBounded(t *testing.T) {
	long := `[` + strings.Repeat(`{"created_at":1},`, maxRow/20) + `{}]`
	var unknown strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&unknown, `"x%d":0,`, i)
	}
	for _, doc := range []string{
		`{"provider_accounts":` + long + `}`, `{"emails":` + long + `}`, `{"authenticators":{"webauthn":` + long + `}}`,
		`{"authenticators":{"recovery_codes":{"codes":` + long + `}}}`, `{` + unknown.String() + `"id":"1"}`,
	} {
		var f faults
		f.migrant([]byte(doc))
		if told := f.most(mostFaults); len(doc) > maxRow || len(told) != mostFaults+1 || !strings.HasPrefix(told[mostFaults].Message, "there are more") {
			t.Errorf("%.30s of %d bytes has %d faults: %v", doc, len(doc), len(told), told)
		}
	}
	if f := headerFaults(strings.Split(strings.Repeat("mail,", 100_000)+"id", ",")); len(f) != mostFaults+1 {
		t.Errorf("the header has %d faults", len(f))
	}
	few := faults{{Path: "a"}, {Path: "b"}}
	if len(few.most(2)) != 2 {
		t.Error("what is complete is cut")
	}
}
