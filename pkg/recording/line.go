package recording

import "time"

const (
	format = "ancho-recording"
	// Version is that of the format which is written.
	Version = 1
)

// header is the first line.
type header struct {
	Format  string    `json:"format"`
	Version int       `json:"version"`
	Began   time.Time `json:"began"`
}

// What a line tells.
const (
	whatRequest = "request"
	whatAnswer  = "answer"
	whatData    = "data"
	whatEnd     = "end"
	whatFailed  = "failed"
	whatClosed  = "closed"
)

// line is any other line.
type line struct {
	N    int    `json:"n"`
	At   int64  `json:"at"` // microseconds since the beginning
	What string `json:"what"`

	Method  string `json:"method,omitempty"`
	URL     string `json:"url,omitempty"`
	Accept  string `json:"accept,omitempty"`
	LeftOut string `json:"leftOut,omitempty"`

	Status int                 `json:"status,omitempty"`
	Header map[string][]string `json:"header,omitempty"`

	Text   string `json:"text,omitempty"`
	Base64 []byte `json:"base64,omitempty"`

	Error string `json:"error,omitempty"`
}

// kept are the header fields of an answer that a recording has: those that say how to read it, and what a watcher does next.
func kept() []string {
	return []string{"Content-Type", "Content-Encoding", "Retry-After", "Warning"}
}
