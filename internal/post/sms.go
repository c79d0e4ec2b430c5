package post

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// SignatureHeader carries a webhook's signature: t=<unix seconds>,v1=<hex>, where v1 is the HMAC-SHA-256 of the time, a
// dot and the body under the tenant's webhook secret. A receiver that refuses old times cannot be fed a copy.
const SignatureHeader = "X-Vestibule-Signature"

// SMS sends texts the way that the tenant's settings name: by a POST to a webhook, which is the tenant's own bridge to
// whoever carries them, or through Twilio.
type SMS struct {
	Client *http.Client // of outbound.HTTPClient, without redirects: a redirect is a failure
	Twilio string       // where Twilio's API is; TwilioAPI when empty. It gets the tenants' tokens, and is no setting of theirs.
}

// Send sends one text. Any 2xx answer is success. Other 4xx answers than 408 and 429 are permanent: the other side
// understood, and declined.
func (s *SMS) Send(ctx context.Context, t *tenants.Tenant, o Outgoing) error {
	switch carrierOf(t) {
	case byWebhook:
		return s.webhook(ctx, t, o)
	case byTwilio:
		return s.twilio(ctx, t, o)
	}
	return &SendError{Step: "settings", Err: ErrNotConfigured}
}

// webhookBody is what a webhook receives.
type webhookBody struct {
	Kind    string `json:"kind"`
	Phone   string `json:"phone"`
	Message string `json:"message"`
	Code    string `json:"code"`
	Tenant  string `json:"tenant"` // the slug
}

func (s *SMS) webhook(ctx context.Context, t *tenants.Tenant, o Outgoing) error {
	hook, key := webhookOf(t)
	body, err := json.Marshal(webhookBody{Kind: o.Kind, Phone: o.To, Message: o.Text, Code: o.Code, Tenant: t.Slug})
	if err != nil {
		return &SendError{Step: byWebhook, Permanent: true, Err: ErrProtocol}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, hook, bytes.NewReader(body))
	if err != nil {
		return &SendError{Step: "settings", Err: ErrNotConfigured} // the error holds the URL, and the URL may hold a key
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", o.ID)
	if key != "" {
		r.Header.Set(SignatureHeader, signature(key, o.At, body))
	}
	_, err = s.exchange(byWebhook, r)
	return err
}

// exchange sends a request. It returns the beginning of the answer, and a *SendError unless the answer is a success.
func (s *SMS) exchange(step string, r *http.Request) ([]byte, error) {
	r.Header.Set("User-Agent", "Vestibule")
	res, err := s.Client.Do(r)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err // without the URL
		}
		return nil, &SendError{Step: step, Err: err}
	}
	answer, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10)) // all of it, so that the connection can be used again
	_ = res.Body.Close()
	switch c := res.StatusCode; {
	case c >= 200 && c < 300:
		return answer, nil
	default:
		return answer, &SendError{Step: step, Code: c, Permanent: c >= 400 && c < 500 && !slices.Contains(mendable, c)}
	}
}

// mendable are the 4xx answers that may be others later: the other side is busy, or does not know the address or the
// credentials in the settings, which somebody will mend while the text waits.
var mendable = []int{
	http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound,
}

// signature is the value of SignatureHeader.
func signature(key string, at time.Time, body []byte) string {
	unix := strconv.FormatInt(at.Unix(), 10)
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(unix + "."))
	h.Write(body)
	return "t=" + unix + ",v1=" + hex.EncodeToString(h.Sum(nil))
}

// Text is a rendered text.
type Text struct {
	Body string
	// Override says why the tenant's own template was passed over for the built-in one; nil when it was not.
	Override error
}

// RenderText makes the text of a letter. A tenant's own template is used where there is one; if it fails, or leaves out the
// code that the text is for, the built-in one is, and Text.Override says why.
func RenderText(t *tenants.Tenant, kind string, l Letter) (Text, error) {
	k, ok := kindOf(kind, store.SMS)
	if !ok {
		return Text{}, ErrUnknownKind
	}
	vars, err := textVariables(t, k, l)
	if err != nil {
		return Text{}, err
	}
	body, why := renderText(k, t.Settings.Email.Templates[kind].SMS, vars)
	if why != nil {
		body, err = renderText(k, "", vars)
	}
	return Text{Body: body, Override: why}, err
}

// textVariables is what the templates of texts may name. A text goes to no address.
func textVariables(t *tenants.Tenant, k Kind, l Letter) (map[string]string, error) {
	return variables(t, k, Letter{Data: l.Data})
}
