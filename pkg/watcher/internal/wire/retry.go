package wire

import (
	"net/http"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// maxRetryAfter bounds what a server can ask for, so that a wrong number does not silence a stream for ever.
const maxRetryAfter = 24 * time.Hour

// RetryAfter reads a Retry-After header: seconds, or an HTTP date (RFC 9110, 10.2.3). A date that is past is
// 0; more than a day is a day. Not ok when the header is empty or neither.
func RetryAfter(header string, now time.Time) (time.Duration, bool) {
	header = strings.TrimSpace(header)
	if isDecimal(header) {
		digits := strings.TrimLeft(header, "0")
		if len(digits) > 6 { // over eleven days: no need to count
			return maxRetryAfter, true
		}
		var seconds int64
		for _, c := range digits {
			seconds = seconds*10 + int64(c-'0')
		}
		return min(time.Duration(seconds)*time.Second, maxRetryAfter), true
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0, false
	}
	return min(max(at.Sub(now), 0), maxRetryAfter), true
}

// StatusRetryAfter is how long a Status asks to wait; not ok when it does not ask.
func StatusRetryAfter(s *metav1.Status) (time.Duration, bool) {
	if s == nil || s.Details == nil || s.Details.RetryAfterSeconds <= 0 {
		return 0, false
	}
	return min(time.Duration(s.Details.RetryAfterSeconds)*time.Second, maxRetryAfter), true
}
