package refusal

// Code names a fault in the input. Front ends switch on codes, so their spelling is allauth's and never changes.
type Code string

// The codes of the contract.
const (
	Required            Code = "required"
	Malformed           Code = "invalid"
	NullCharacters      Code = "null_characters_not_allowed"
	TooLong             Code = "max_length"
	TooShort            Code = "min_length"
	InvalidChoice       Code = "invalid_choice"
	InvalidLogin        Code = "invalid_login"
	InvalidPhone        Code = "invalid_phone"
	EmailMismatch       Code = "email_password_mismatch"
	UsernameMismatch    Code = "username_password_mismatch"
	PhoneMismatch       Code = "phone_password_mismatch"
	TooManyLogins       Code = "too_many_login_attempts"
	EmailTaken          Code = "email_taken"
	PhoneTaken          Code = "phone_taken"
	UsernameTaken       Code = "username_taken"
	UsernameBlacklisted Code = "username_blacklisted"
	InvalidOrExpiredKey Code = "invalid_or_expired_key"
	IncorrectCode       Code = "incorrect_code"
	PasswordTooShort    Code = "password_too_short"
	PasswordTooCommon   Code = "password_too_common"
	PasswordNumeric     Code = "password_entirely_numeric"
	PasswordTooSimilar  Code = "password_too_similar"
	PasswordTooLong     Code = "password_too_long"
	CSRFFailed          Code = "csrf_failed"
	UnknownEmail        Code = "unknown_email"
	UnknownPhone        Code = "unknown_phone"
	SelectOnlyOne       Code = "select_only_one"
	SameAsCurrent       Code = "same_as_current"
	DuplicateEmail      Code = "duplicate_email"
	MaxEmailAddresses   Code = "max_email_addresses"
	UnverifiedPrimary   Code = "unverified_primary_email"
	CannotRemovePrimary Code = "cannot_remove_primary_email"

	IncorrectPassword    Code = "incorrect_password"
	EnterCurrentPassword Code = "enter_current_password"
	InvalidPasswordReset Code = "invalid_password_reset"
	InvalidList          Code = "invalid_list"
	InvalidID            Code = "invalid_pk_value"
	UnverifiedEmail      Code = "unverified_email"
	CannotGenerateCodes  Code = "cannot_generate_recovery_codes"
	AddEmailBlocked      Code = "add_email_blocked"

	InvalidToken      Code = "invalid_token"
	ClientIDRequired  Code = "client_id_required"
	TokenRequired     Code = "token_required"
	TokenNotSupported Code = "token_authentication_not_supported"
	ConnectedOther    Code = "connected_other"
	AccountNotFound   Code = "account_not_found"
	NoPassword        Code = "no_password"
	NoVerifiedEmail   Code = "no_verified_email"
	DisconnectLast    Code = "disconnect_last"
)

// messages are what people read. Front ends may show them as they are.
var messages = map[Code]string{
	Required:            "This field is required.",
	Malformed:           "Enter a valid value.",
	NullCharacters:      "Null characters are not allowed.",
	TooLong:             "This value is too long.",
	TooShort:            "This value is too short.",
	InvalidChoice:       "Choose one of the values that are offered.",
	InvalidLogin:        "Give exactly one of the ways to name your account.",
	InvalidPhone:        "Enter a phone number in international form, such as +31612345678.",
	EmailMismatch:       "The email address or the password is not correct.",
	UsernameMismatch:    "The username or the password is not correct.",
	PhoneMismatch:       "The phone number or the password is not correct.",
	TooManyLogins:       "Too many failed attempts. Wait a while, then try again.",
	EmailTaken:          "There is already an account with this email address.",
	PhoneTaken:          "There is already an account with this phone number.",
	UsernameTaken:       "This username is taken. Choose another.",
	UsernameBlacklisted: "This username cannot be used. Choose another.",
	InvalidOrExpiredKey: "This link is not valid any more. Ask for a new one.",
	IncorrectCode:       "This code is not correct.",
	PasswordTooShort:    "This password is too short.",
	PasswordTooCommon:   "This password is too common. Choose one that is harder to guess.",
	PasswordNumeric:     "A password cannot be made of digits alone.",
	PasswordTooSimilar:  "This password is too much like your own details.",
	PasswordTooLong:     "This password is too long.",
	CSRFFailed:          "The CSRF check failed. Send the csrftoken cookie's value in the X-CSRFToken header.",
	UnknownEmail:        "There is no account with this email address.",
	UnknownPhone:        "There is no account with this phone number.",
	SelectOnlyOne:       "Give either an email address or a phone number, not both.",
	SameAsCurrent:       "This is what you have already.",
	DuplicateEmail:      "This email address is yours already.",
	MaxEmailAddresses:   "You cannot add more email addresses. Remove one first.",
	UnverifiedPrimary:   "Verify this email address before you make it your primary one.",
	CannotRemovePrimary: "Your primary email address cannot be removed. Make another one primary first.",

	IncorrectPassword:    "This password is not correct.",
	EnterCurrentPassword: "Type your current password.",
	InvalidPasswordReset: "This link is not valid any more. Ask for a new one.",
	InvalidList:          "Give a list.",
	InvalidID:            "This is not the id of anything.",
	UnverifiedEmail:      "Verify your email address before you set up a second factor.",
	CannotGenerateCodes:  "Recovery codes stand in for a second factor. Set one up first.",
	AddEmailBlocked:      "Remove your second factors before you add an email address, then set them up again.",

	InvalidToken:      "This token is not accepted. Sign in at the provider again.",
	ClientIDRequired:  "Say which app the token is of, in client_id.",
	TokenRequired:     "Give an id_token or an access_token.",
	TokenNotSupported: "Tokens of this provider are not taken. Go there by a redirect.",
	ConnectedOther:    "This account is connected to somebody else's already.",
	AccountNotFound:   "There is no such account among yours.",
	NoPassword:        "Set a password first: nothing else would sign you in.",
	NoVerifiedEmail:   "Verify an email address first: nothing else would let you back in if the password is lost.",
	DisconnectLast:    "This is your only way in. Connect another account first.",
}

// Message is the sentence that goes with a code where nothing more specific is known.
func (c Code) Message() string {
	if m, ok := messages[c]; ok {
		return m
	}
	return "This value is not accepted."
}
