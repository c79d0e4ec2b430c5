// Package flows is what accounts do: signing up, logging in, proving an address, ending a session.
//
// The words, each of which means one thing here:
//
//   - A visit is one request on its way through: the tenant, the time, the session that the client showed and the user
//     it belongs to. Service.Open makes it.
//   - A step is a call that may change something. It returns an error and nothing else; what the client is told is the
//     visit's Status afterwards. A view is a call that only reads.
//   - A stage is something a login still has to get past, such as a mailed link. A login that waits at a stage is
//     pending; its session belongs to the user, and gives no access.
//   - A refusal is an answer that declines (package refusal). It is decided, where an error is suffered.
//   - To settle is to write what a step queued, in one transaction, together with the session.
//   - To note is to have an event written into the audit log (package audit) when a step settles.
//   - A scope is the way to one tenant's rows (package store).
//
// # The settling rule
//
// A step thinks first and writes last. While it runs it reads, hashes and asks limits; what it wants written it queues.
// Then:
//
//	the step returned    is saved
//	nil                  the visit, the queued writes and the queued mail, together
//	a refusal            the visit as it was, with a miss if one was declared (a wrong code)
//	any other error      nothing
//
// No hashing, no network call and no template runs inside the transaction. The session is saved by compare-and-swap on
// its version, so that of two steps on one session the second finds it changed: it is then run again on what is there
// now, once, and refused as a conflict if that fails too.
//
// A miss is a wrong guess at a code. It is counted before the client is told that the guess was wrong, with the session's
// version, so that of any number of guesses at once no more are answered than the settings allow.
//
// # The codes
//
// A process is the one machine for a code that was sent and is waited for (process.go). Logging in by code, proving an
// address or a number and resetting a password each have one, in the session that asked for it and of no use in another.
//
// # The stages
//
// Facts about a login are gathered once; next is a pure function of them, and is the machine: it names the stage that
// comes next, or says that the login is done. Every way in ends in begin, every stage that was passed ends in advance,
// and both ask next. Done moves the login into the session and gives the client a new token.
//
// # Second factors
//
// An authenticator is something that a user can prove to have: an app that makes codes (totp.go), recovery codes, which stand in for
// another (recovery.go), or a WebAuthn key (webauthn.go). An app or a key is a second factor, and is asked for on every way in. A passkey
// is a key that signs in by itself: it asked its owner for a PIN or a finger, and is both factors.
//
// A ceremony is a challenge to a key, in the session that it was made for, for one purpose and one right answer. The factor epoch counts
// the changes to a user's authenticators: whoever showed one before a change shows it again after it, and a browser that was trusted
// (trust.go) is trusted no more.
//
// # The doors that others left open
//
// An account that nobody has proved an address of may have been made by somebody else than the owner of the address. Whoever
// comes in by a code that was sent there, or resets the password, claims it: its sessions end, and its password signs in no
// more (claim in code.go).
// What is decided for an account is settled for the account of then (hold): somebody who claims it, and somebody whose secret comes
// late, are one after the other.
// And an account that has a verified address is reached at no other by codes and links, since an unverified one may be
// somebody else's (reachable).
// Where an account has a second factor and no proved address, what a code proves counts once the factor is shown (unclaimed): whoever
// made the account may be the one who has it.
//
// Nothing here knows of HTTP, and nothing here writes SQL.
package flows
