// Package hostile is a server that answers with raw bytes, also with such as net/http would never write: a broken chunk,
// a wrong length, no Content-Type, two answers in one. It reaches clients over TCP, or over connections in memory, so that
// a test of minutes runs in the virtual time of testing/synctest.
//
// Requests that no rule answers go to a handler, such as an API server in memory. The package judges nothing.
package hostile
