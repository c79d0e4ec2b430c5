package flows

import (
	"testing"

	"github.com/vestibule-auth/vestibule/tenants"
)

// What is said without anybody is what the machine says when somebody comes; package app compares it with the wire.
func TestWhatComesNextIsKnownAhead(t *testing.T) {
	for config, want := range map[string][2]Stage{ // after a signup, after a login
		`{"account": {"email_verification": "none"}}`:                                                        {Done, Done},
		`{"account": {"email_verification": "optional"}}`:                                                    {Done, Done},
		`{"account": {"email_verification": "mandatory"}}`:                                                   {VerifyEmail, Done},
		`{"account": {"login_by_code_enabled": true, "login_by_code_required": true}}`:                       {LoginByCode, LoginByCode},
		`{"account": {"login_by_code_enabled": true, "login_by_code_required": ["mfa"]}}`:                    {LoginByCode, Done},
		`{"account": {"login_by_code_required": ["password"], "login_by_code_trust_enabled": true}}`:         {LoginByCode, LoginByCode},
		`{"account": {"phone_verification_enabled": true, "signup_fields": ["email*", "phone"]}}`:            {VerifyPhone, Done},
		`{"account": {"phone_verification_enabled": false, "signup_fields": ["phone*"]}}`:                    {Done, Done},
		`{"account": {"email_verification": "mandatory", "signup_fields": ["email*", "phone*"]}}`:            {VerifyPhone, Done},
		`{"mfa": {"supported_types": ["totp"], "trust_enabled": true}, "account": {"signup_enabled": true}}`: {Done, Done},
	} {
		settings, err := tenants.Decode([]byte(config))
		if err != nil {
			t.Fatal(err)
		}
		for _, client := range []Client{App, Browser} {
			v := (&Service{}).Stranger(&tenants.Tenant{Settings: settings}, Origin{Client: client})
			if got := [2]Stage{v.AfterSignup(), v.AfterLogin()}; got != want {
				t.Errorf("%s, %s: %q, not %q", config, client, got, want)
			}
		}
	}
}
