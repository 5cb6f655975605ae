// Package web bounds and guards the HTTP addresses of a program: how many connections they hold and for how long, who may ask,
// and how many costly requests run at a time. It serves Go's profiles itself, since importing net/http/pprof registers them on
// http.DefaultServeMux.
//
// It knows nothing of what the paths answer, and never reads X-Forwarded headers, which every client can send.
package web
