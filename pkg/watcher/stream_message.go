package watcher

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// explain copies from a Status what is decided on.
func (in *input) explain(s *metav1.Status) {
	in.code, in.status = s.Code, s.Reason
	if d, ok := wire.StatusRetryAfter(s); ok && in.after == 0 {
		in.after = d
	}
	if s.Details == nil {
		return
	}
	for _, c := range s.Details.Causes {
		in.tooLarge = in.tooLarge || c.Type == metav1.CauseTypeResourceVersionTooLarge
	}
}

// describe says what is wrong and what to do about it.
func (m *machine) describe(a action, in input, end *ending) string {
	said := ""
	switch {
	case end == nil:
	case end.status != nil:
		said = end.status.Message
	case end.err != nil:
		said = end.err.Error()
	}
	advice := m.advice(a.reason, in)
	switch {
	case said == "":
		return advice
	case advice == "":
		return said
	default:
		return advice + ": " + said
	}
}

// advice is what can be done about it.
func (m *machine) advice(why Reason, in input) string {
	switch why {
	case ReasonForbidden:
		return m.missingVerb(in)
	case ReasonUnauthorized:
		return "the server does not accept the credentials (401): check the token or certificate of the program"
	case ReasonUnreachable:
		return "the server gives no answer"
	case ReasonThrottled:
		return "the server asks to slow down (429)"
	case ReasonServerError, ReasonBadVersion, ReasonAheadOf, ReasonStoreRead:
		return fmt.Sprintf("the server answers with an error of its own (%d)", in.code)
	case ReasonInvalid:
		return fmt.Sprintf("the server does not accept %s (%d): correct the declaration", m.target, in.code)
	case ReasonBadAnswer:
		return fmt.Sprintf("the answer to %s is not a list or watch of the API", m.target)
	case ReasonTooLarge:
		return "an object or event is too large to be read"
	case ReasonNotServed:
		return fmt.Sprintf("the server does not serve %s (404)", m.target.Path())
	case ReasonNoMedia:
		return "the server offers no media type that is understood (406)"
	case ReasonUnexpected:
		return fmt.Sprintf("the server answers %s with status %d, which has no meaning there", m.target, in.code)
	default:
		return ""
	}
}

// missingVerb names the permission that is missing.
func (m *machine) missingVerb(in input) string {
	verb := "watch"
	if in.ask == askList || in.ask == askHead {
		verb = "list"
	}
	where := "in all namespaces: bind a ClusterRole that grants it"
	if m.target.Namespace != "" {
		where = fmt.Sprintf("in namespace %q: bind a Role that grants it", m.target.Namespace)
	}
	if !m.target.Resource.Namespaced {
		where = "in the cluster: bind a ClusterRole that grants it"
	}
	group := strings.TrimSpace(m.target.Resource.Group)
	return fmt.Sprintf("missing permission: verb %q on resource %q of API group %q %s", verb, m.target.Resource.Plural, group, where)
}
