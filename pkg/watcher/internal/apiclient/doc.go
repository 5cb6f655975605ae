// Package apiclient makes the requests to one API server: watches, lists, lookups of single objects, patches and discovery. It
// knows what a target's requests are, and remembers what a server refused.
package apiclient
