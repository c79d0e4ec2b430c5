package provider

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/internal/secret"
)

// Telegram signs what it says with the bot's token, which is the app's secret; the client id is the bot's (core.telegram.org/widgets/login). It
// says so behind the # of the callback URL, as tgAuthResult, which a page there has to send on.
var telegram = known{name: "Telegram", way: telegramWay{}}

type telegramWay struct{}

// telegramFor is how long what Telegram says is good for.
const telegramFor = 2 * time.Minute

func (telegramWay) takes() bool { return false }

func (telegramWay) verify(_ context.Context, l *login, _ Token) (*Identity, error) {
	return nil, l.refused("Telegram has no tokens.")
}

func (telegramWay) begin(_ context.Context, l *login) (string, error) {
	q := url.Values{}
	for name, value := range l.shared.AuthParams {
		q.Set(name, value)
	}
	for name, value := range l.app.Settings.AuthParams {
		q.Set(name, value)
	}
	q.Set("bot_id", l.clientID())
	q.Set("origin", l.tenant.PublicURL())
	q.Set("embed", "0")
	q.Set("return_to", l.callback+"?"+url.Values{"state": {l.at.State}}.Encode())
	return "https://oauth.telegram.org/auth?" + q.Encode(), nil
}

// complete is who came back.
func (telegramWay) complete(_ context.Context, l *login, params url.Values) (*Identity, error) {
	result, err := base64.RawURLEncoding.DecodeString(strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(params.Get("tgAuthResult")))
	if err != nil || len(result) == 0 || len(result) > mostAnswer {
		return nil, l.refused("There is no answer of Telegram's.")
	}
	if string(result) == "false" {
		return nil, ErrCancelled
	}
	said, err := readObject(result)
	if err != nil {
		return nil, l.refused("There is no answer of Telegram's.")
	}
	hash, _ := said["hash"].(string)
	delete(said, "hash")
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(said)) {
		value := word(said[name])
		if value == "" && said[name] != "" || strings.Contains(name+value, "\n") {
			return nil, l.refused("What Telegram says is not as it says it.") // a line could be two
		}
		lines = append(lines, name+"="+value)
	}
	key := sha256.Sum256([]byte(l.app.Secret.Reveal()))
	m := hmac.New(sha256.New, key[:])
	m.Write([]byte(strings.Join(lines, "\n")))
	seconds, err := strconv.ParseInt(word(said["auth_date"]), 10, 64)
	at, now := time.Unix(seconds, 0), l.clock.Now()
	switch {
	case !l.app.Secret.IsSet():
		return nil, l.fault("The app has no secret.")
	case !secret.Equal([]byte(strings.ToLower(hash)), []byte(hex.EncodeToString(m.Sum(nil)))):
		return nil, l.refused("Telegram did not say so.")
	case err != nil, at.Before(now.Add(-telegramFor)), at.After(now.Add(leeway)):
		return nil, l.refused("What Telegram said is too old.")
	}
	who, err := l.identity(person{uid: "{id}", username: []string{"username"}, given: []string{"first_name"}, family: []string{"last_name"}}, said)
	if err != nil {
		return nil, err
	}
	who.Once = onceOf(at.Add(telegramFor), "telegram", hash)
	return who, nil
}
