// Package watcher keeps a target up to date: its URL, the requests to one API server, and the stream that lists,
// watches, resumes and relists until it is stopped, with the index that finds the differences.
//
// It never decodes an object into a Go type, knows no declaration and no queue, and ends no program: whatever
// a server does to a stream, the stream reports why it is blocked and retries.
package watcher
