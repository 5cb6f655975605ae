package machine

import (
	"slices"
	"strings"
	"time"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

const (
	// remindEvery is how often the log says that a stream is still blocked.
	remindEvery = 10 * time.Minute
	// newsMax bounds how many lines about one blocked stream differ in reason or message within remindEvery.
	newsMax = 8
)

// blockedLog is what the log says about a stream that is blocked.
type blockedLog struct {
	since time.Time // when it was blocked; zero if it is not
	last  time.Time // when the log said so
	why   report.Reason
	said  []string // reasons and messages since then
}

// log writes an error when the stream is blocked, again when the reason or, materially, the message changes, and a line
// when it has recovered.
func (m *machine) log(s report.State) {
	b := &m.blocked
	if m.o.Optional && m.missing(s) {
		return
	}
	switch {
	case s.Phase == report.Blocked:
		if b.since.IsZero() {
			b.since, b.last = time.Now(), time.Now()
		}
		news := string(s.Reason) + " " + essence(s.Message)
		if b.why == s.Reason && slices.Contains(b.said, news) {
			m.remind()
			return
		}
		b.why = s.Reason
		if slices.Contains(b.said, news) || len(b.said) >= newsMax {
			m.remind()
			return
		}
		b.said = append(b.said, news)
		m.complain(s)
	case !b.since.IsZero() && s.Phase != report.Stopped:
		m.o.Logger.Info("stream has recovered", "target", m.target.String(), "phase", s.Phase.String(),
			"was", b.why, "after", time.Since(b.since).Round(time.Millisecond).String())
		*b = blockedLog{}
	}
}

// missing logs that an optional resource is not served, and that it is again. It says whether that is all there is to log.
func (m *machine) missing(s report.State) bool {
	absent := s.Phase == report.Blocked && s.Reason == report.ReasonNotServed
	switch {
	case absent && !m.unserved:
		m.o.Logger.Info("optional kind is not served: its bindings run without it", "target", m.target.String())
	case m.unserved && (s.Phase == report.Streaming || s.Phase == report.Polling):
		m.o.Logger.Info("optional kind is served now", "target", m.target.String())
		m.unserved = false
	}
	m.unserved = m.unserved || absent
	return absent
}

// remindIn is when the next reminder is due.
func (m *machine) remindIn() time.Duration {
	if m.blocked.since.IsZero() {
		return remindEvery
	}
	return time.Until(m.blocked.last.Add(remindEvery))
}

// remind says that the stream is still blocked, if it is time.
func (m *machine) remind() {
	if m.blocked.since.IsZero() || m.remindIn() > 0 {
		return
	}
	m.blocked.last = time.Now()
	m.blocked.said = []string{string(m.state.Reason) + " " + essence(m.state.Message)}
	m.complain(m.state)
}

// complain logs that the stream is blocked.
func (m *machine) complain(s report.State) {
	retry := "never"
	if !s.RetryAt.IsZero() {
		retry = time.Until(s.RetryAt).Round(time.Millisecond).String()
	}
	m.o.Logger.Error(nil, "stream is blocked", "target", m.target.String(), "reason", s.Reason,
		"message", s.Message, "for", time.Since(m.blocked.since).Round(time.Millisecond).String(), "retryIn", retry)
}

// essence is a message without what differs from one attempt to the next: numbers, addresses, IDs of requests. Words
// with a digit in them stand for any others such.
func essence(message string) string {
	var out strings.Builder
	for at := 0; at < len(message); {
		end := at
		for end < len(message) && wordByte(message[end]) {
			end++
		}
		word := message[at:end]
		switch {
		case end == at: // no word
			out.WriteByte(message[at])
			end++
		case variable(word):
			out.WriteByte('#')
		default:
			out.WriteString(word)
		}
		at = end
	}
	return out.String()
}

// wordByte says whether a byte belongs to a word, a number or an address.
func wordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_' || c == ':' || c == '.'
}

// variable says whether a word may be another one the next time: it has a digit, or is an IPv6 address.
func variable(word string) bool {
	return strings.ContainsAny(word, "0123456789") || strings.Count(word, ":") > 1
}
