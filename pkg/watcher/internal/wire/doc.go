// Package wire reads what a Kubernetes API server sends on list and watch requests, one frame at a time.
//
// A frame keeps its object as raw bytes next to the metadata that a scan found in it; nothing here decodes
// an object into a Go type, keeps an object after it was handed out, retries, or opens a connection. Which
// encoding is read is decided by the Content-Type of the answer, never by what was asked for.
package wire
