// Package watcher is a target's life on the wire: its URL, the requests to one API server, and the stream that
// lists, watches, resumes and relists until it is told to stop, with the index that makes the differences.
//
// It never decodes an object into a Go type, knows no declaration and no queue, and ends no program: whatever
// a server does to a stream, the stream says why it is blocked and tries again.
package watcher
