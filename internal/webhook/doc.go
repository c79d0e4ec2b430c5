// Package webhook tells tenants' own servers of what happened.
//
// A *webhook* is an address with the events that are wanted there; an event on its way to one is a *delivery*. Follow queues
// deliveries in the transaction in which events get their numbers, so that none is lost and none is made up. The Worker sends
// them. What goes over the wire follows Standard Webhooks (https://www.standardwebhooks.com), so that receivers can use its
// libraries: a POST of JSON with the headers webhook-id, webhook-timestamp and webhook-signature, which is
//
//	v1,base64(HMAC-SHA-256(key, id + "." + timestamp + "." + body))
//
// once for each secret that is good at the time. A secret is written whsec_ and the key in base64.
//
// Delivery is at least once, under the same webhook-id each time, and in no promised order. An answer of 2xx is a success; all else, a
// redirect included, is not, and is tried again over some two days. An answer of 410 disables the webhook at once, and so does failing for
// longer than GiveUpAfter without a single success. A webhook at which nothing gets through is left alone for a while whatever waits
// for it, so that a dead server costs little.
//
// Webhooks take turns: a worker looks after a webhook for a round, and sends no more than a few at once there. One that is slow holds up
// nobody but itself.
//
// Bodies and answers are sealed under the tenant's keys, and erased after some days; until then what was given up, or delivered, can be
// replayed. The address is the tenant's to choose, so every connection goes through package outbound: no private address, whatever
// the name resolves to, and no redirect.
package webhook
