// Package post sends queued messages: mail over SMTP, and texts through a tenant's webhook or its account at Twilio.
//
// A flow queues a message in the transaction that made it necessary, so that neither exists without the other. The
// message's body is a Letter as JSON, sealed under the tenant's keys (secret.ForMessage, with the message's id as
// context). The Worker leases messages, opens and renders them and hands them to a Sender. A message that was sent, or has expired, has
// no body any more; one that was given up keeps it for a while, so that an operator can have it sent again.
//
// Delivery is at least once. A crash between sending and noting it lets the lease run out, and the message is sent
// again with the same Message-ID (to a webhook: the same Idempotency-Key), so that mail servers, mail programs and
// webhooks can tell; Twilio cannot. The answer to a failure is one of two:
//
//   - a permanent one (the mail server rejects the recipient or the mail with a 5xx reply, a webhook or Twilio answers
//     4xx, the kind is unknown, the body cannot be opened) gives the message up at once;
//   - any other is tried again after 2, 4, 8 ... seconds, at most 10 minutes, each with some jitter, until the message
//     is 12 hours old.
//
// A letter may say when it expires (see Letter). From then on it is not sent but given up, which is counted apart: a code
// that came late would not be taken, and would leave its recipient with two.
//
// The words: a *kind* names the occasion and its templates; a *letter* is what a flow queued; a Mail is what it was
// rendered to; an Outgoing is a rendered message with its addresses, ready for a Sender.
//
// Errors of this package name steps, hosts and reply codes. They never hold a recipient, a code, a link or a password,
// nor the words of a mail server, which like to repeat the recipient; so they may be logged and stored as they are. Try alone hands
// out those words, to an operator who named the recipient.
package post
