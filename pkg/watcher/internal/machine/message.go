package machine

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/internal/advice"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// explain copies from a Status what is decided on.
func (in *input) explain(s *metav1.Status) {
	in.code, in.status, in.formal = s.Code, s.Reason, s.Kind == "Status"
	in.webhook = strings.Contains(strings.ToLower(s.Message), "conversion webhook")
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
	said, known := "", ""
	switch {
	case end == nil:
	case end.status != nil:
		said = end.status.Message
		if a.reason == report.ReasonForbidden && advice.IsAnonymous(said) {
			known = advice.Anonymous
		}
	case end.err != nil && !errors.Is(end.err, io.EOF):
		said, known = end.err.Error(), advice.For(end.err)
	}
	todo := cmp.Or(known, m.advice(a.reason, in))
	switch {
	case said == "":
		return todo
	case todo == "":
		return said
	default:
		return todo + ": " + said
	}
}

// advice is what can be done about it.
func (m *machine) advice(why report.Reason, in input) string {
	switch why {
	case report.ReasonForbidden:
		return m.missingVerb(in)
	case report.ReasonUnauthorized:
		return "the server does not accept the credentials (401): check the token or certificate of the program"
	case report.ReasonUnreachable:
		return "the server gives no answer"
	case report.ReasonThrottled:
		return "the server asks to slow down (429)"
	case report.ReasonServerError, report.ReasonBadVersion, report.ReasonAheadOf, report.ReasonStoreRead:
		if in.webhook {
			return fmt.Sprintf("a conversion webhook of %s fails (%d): repair the webhook or its Service", m.target, in.code)
		}
		return fmt.Sprintf("the server answers with an error of its own (%d)", in.code)
	case report.ReasonInvalid:
		if !in.formal {
			return fmt.Sprintf("%s was refused (%d) with an answer that is no Status of the API: look for a proxy or gateway in between", m.target, in.code)
		}
		return fmt.Sprintf("the server does not accept %s (%d): correct the declaration", m.target, in.code)
	case report.ReasonNotListable:
		return fmt.Sprintf("%s can be neither watched nor listed (405): %s", m.target, apiclient.Unlistable(m.target.Resource))
	case report.ReasonBadAnswer:
		if in.what == gotEnd || in.what == gotCut {
			return fmt.Sprintf("the last %d watches of %s ended at once and brought nothing: look for a proxy or gateway in between", in.empty, m.target)
		}
		return fmt.Sprintf("the answer to %s is not a list or watch of the API", m.target)
	case report.ReasonUnconfirmed:
		return fmt.Sprintf("two lists of %s contradict each other, as if API servers behind one address had different data: no deletion is reported", m.target.Path())
	case report.ReasonTooLarge:
		return "an object or event is too large to be read"
	case report.ReasonNotServed:
		waits := ""
		if m.index.Len() > 0 {
			waits = "; its objects count as deleted once every answer has said so for two minutes"
		}
		return fmt.Sprintf("the server does not serve %s (404)%s", m.target.Path(), waits)
	case report.ReasonNoMedia:
		return "the server offers no media type that is understood (406)"
	case report.ReasonUnexpected:
		if in.what == gotError {
			return fmt.Sprintf("the watch of %s ends with an ERROR event that is not understood (code %d)", m.target, in.code)
		}
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
	if apiclient.CreateOnly(m.target.Resource) {
		return apiclient.Unlistable(m.target.Resource)
	}
	return fmt.Sprintf("missing permission: verb %q on resource %q of API group %q %s", verb, m.target.Resource.Plural, group, where)
}
