// Package machine is the state machine of a stream: one pure function, classify, decides what an outcome means, and the rest carries
// it out: it makes one request at a time, reads frames, compares them with the index, and reports.
//
// It never decodes an object into a Go type.
package machine
