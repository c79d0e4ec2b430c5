package post

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/vestibule-auth/vestibule/tenants"
)

// TwilioAPI is where Twilio takes messages.
const TwilioAPI = "https://api.twilio.com"

// twilio sends a text by Twilio's Programmable Messaging API (version 2010-04-01, the Message resource). Twilio knows no
// key by which it could tell that a text comes again.
func (s *SMS) twilio(ctx context.Context, t *tenants.Tenant, o Outgoing) error {
	base, set := s.Twilio, &t.Settings.SMS
	if base == "" {
		base = TwilioAPI
	}
	form := url.Values{"To": {o.To}, "Body": {o.Text}}
	if strings.HasPrefix(set.TwilioFrom, "+") {
		form.Set("From", set.TwilioFrom)
	} else {
		form.Set("MessagingServiceSid", set.TwilioFrom)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost,
		base+"/2010-04-01/Accounts/"+url.PathEscape(set.TwilioAccountSID)+"/Messages.json", strings.NewReader(form.Encode()))
	if err != nil {
		return &SendError{Step: "settings", Err: ErrNotConfigured}
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(set.TwilioAccountSID, set.TwilioAuthToken.Reveal())
	answer, err := s.exchange(byTwilio, r)
	var failed *SendError
	if errors.As(err, &failed) && failed.Code != 0 {
		failed.Err = twilioFault(answer)
	}
	return err
}

// twilioFault is what Twilio has against a text, as the number under which its manual explains it, or nil. The words
// beside the number repeat the recipient.
func twilioFault(answer []byte) error {
	var fault struct {
		Code int `json:"code"`
	}
	if json.Unmarshal(answer, &fault) != nil || fault.Code <= 0 {
		return nil
	}
	return fmt.Errorf("error %d of Twilio's", fault.Code)
}
