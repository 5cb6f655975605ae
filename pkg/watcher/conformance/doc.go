// Package conformance holds API servers to what Ancho's streams rely on: each rule of the protocol that a server shows
// is a case here, and a case asserts the same of every server. The fake API server and a real one are both held to it
// (docs/conformance.md is the table of that), and so can be any other that a client-go configuration leads to.
//
// Cases speak HTTP themselves where bytes, headers and statuses count, and read through the production stream where
// it counts what that makes of them. Each works in a namespace of its own. The clock is never asked, so that the
// suite runs inside testing/synctest too.
//
// The suite lists the cases that a server is known not to show, with the reason (Case.NotShownBy). It runs such a case
// anyway, and fails if the server shows it: the list of exceptions is exact. Nothing is skipped.
package conformance
