// Package listening finds out from a server's log where it listens.
//
// What starts a server for a while has it listen on ports that the system chooses (127.0.0.1:0): a port that was chosen
// before, and let go for the server to take, may be somebody else's by then. The log, as JSON, says which they are.
package listening

import (
	"encoding/json"
	"strings"
)

// Addresses are where the public and the operators' listener are, as host and port; "" for one that is not open yet.
func Addresses(log string) (public, operators string) {
	for line := range strings.Lines(log) {
		var record struct {
			Message  string `json:"msg"`
			Listener string `json:"listener"`
			Address  string `json:"address"`
		}
		if json.Unmarshal([]byte(line), &record) != nil || record.Message != "listening" {
			continue // the last line may not be whole yet
		}
		switch record.Listener {
		case "public":
			public = record.Address
		case "operators":
			operators = record.Address
		}
	}
	return public, operators
}
