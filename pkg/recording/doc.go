// Package recording writes down what an API server answered to a program, byte for byte and with the times, and reads it
// again. Package fake replays it to a program in a test.
//
// A recording is text, one JSON object a line, so that it can be read with the usual tools and be cut off anywhere: a last
// line that is not whole does not count. The first line says what it is:
//
//	{"format":"ancho-recording","version":1,"began":"2026-01-02T15:04:05.678901Z"}
//
// Each further line is about one request. In it, n is the number of the request, from 1; at is the time in microseconds since
// the recording began; what says what happened:
//
//	request  method, url (path and query) and accept (the header) of a request that is being sent;
//	         leftOut says why there is nothing more about it
//	answer   the status, and the header fields that mean something to a watcher
//	data     bytes of the answer's body, as one read brought them, in which a server sends one event of a watch: as text where
//	         they are, else as base64
//	end      the body ended; error says how, if not as it should
//	failed   there was no answer; error says why
//	closed   the program gave the request up, before or after it was answered
//
// Bodies are as they crossed the wire, compressed if the header says so. A recording has neither request bodies nor request
// header fields other than Accept, so it has no credentials. It contains objects in full, except Secrets and everything about
// tokens; see Options.
//
// The version is raised when an old reader would read something wrong. A reader passes over fields that it does not know.
package recording
