package wire

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// looseStatus reads what decisions need from a document that is not quite a Status: one without a kind, or with
// fields of other types than the API declares. Proxies and other intermediaries write such. An object that has a
// name, or is of another kind, is none: its fields may be values.
func looseStatus(fields map[string]any) (*metav1.Status, error) {
	text := func(m map[string]any, name string) string {
		s, _ := m[name].(string)
		return s
	}
	if err := checkStatusKind(text(fields, "kind")); err != nil {
		return nil, err
	}
	metadata, _ := fields["metadata"].(map[string]any)
	if fields["kind"] != nil && text(fields, "kind") == "" || metadata["name"] != nil || metadata["uid"] != nil {
		return nil, errors.New("it is not a Status")
	}
	s := failure(text(fields, "message"))
	s.Kind, s.Reason = text(fields, "kind"), metav1.StatusReason(text(fields, "reason"))
	s.Code = looseInteger(fields["code"])
	details, _ := fields["details"].(map[string]any)
	if seconds := looseInteger(details["retryAfterSeconds"]); seconds > 0 {
		s.Details = &metav1.StatusDetails{RetryAfterSeconds: seconds}
	}
	if causes, _ := details["causes"].([]any); len(causes) > 0 {
		if s.Details == nil {
			s.Details = &metav1.StatusDetails{}
		}
		for _, c := range causes {
			cause, _ := c.(map[string]any)
			s.Details.Causes = append(s.Details.Causes, metav1.StatusCause{Type: metav1.CauseType(text(cause, "reason"))})
		}
	}
	if s.Code == 0 && s.Reason == "" && s.Message == "" {
		return nil, errors.New("it is not a Status")
	}
	return s, nil
}

// looseInteger is a positive number of 32 bits, or a text that is one; else 0.
func looseInteger(v any) int32 {
	var n int64
	switch v := v.(type) {
	case float64:
		n = int64(v)
	case int64:
		n = v
	case json.Number:
		n, _ = v.Int64()
	case string:
		n, _ = strconv.ParseInt(v, 10, 32)
	}
	if n <= 0 || n > math.MaxInt32 {
		return 0
	}
	return int32(n)
}
