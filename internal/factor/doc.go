// Package factor is what proves an account besides a password: codes of an authenticator app, recovery codes, and WebAuthn
// credentials. It is arithmetic: it has no database, no clock and no network, and remembers nothing. Whoever calls it brings
// the time, keeps what it returns, and settles both in one transaction.
//
// # Authenticator apps
//
// TOTP is RFC 6238 with HMAC-SHA-1, which is what every app does. Time is counted in periods since 1970; such a count is a
// step, and each step has one code. Match finds the step of a code that was typed and refuses the steps that were used, so that
// a code that was seen over somebody's shoulder is of no use.
//
// # Recovery codes
//
// Random digits, each drawn evenly. They are kept where the caller keeps them, sealed; TakeRecoveryCode takes one away.
//
// # WebAuthn
//
// Level 3 of the specification, sections 7.1 (FinishRegistration) and 7.2 (FinishAssertion). A ceremony is one question to the
// browser: Begin makes the options, which the browser gets, and a Ceremony, which the caller keeps until the answer comes. A
// Ceremony is good for one answer; that it is used once is up to the caller.
//
// Keys are ES256, EdDSA (Ed25519) or RS256. Reading them, and checking signatures and CBOR, is go-webauthn's part. What is
// compared is compared here, exactly: the kind, the challenge, the origin, the relying party, the flags, the counter.
//
// Attestation is not asked for, and the statement of a browser that sends one all the same is not read: nothing here depends on
// who made an authenticator, so its AAGUID is what it says of itself.
//
// # Errors
//
//	ErrMalformed    this is no credential: not the JSON that browsers send, or more than 64 KiB of it
//	ErrRefused      it is one, and does not prove what it should
//	ErrCounter      the same, since the counter did not rise: there may be a second copy of the key
//
// An error says why, for logs, and repeats nothing of what was sent.
package factor
