package fake

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Refusal is a fault that refuses requests.
type Refusal struct {
	status func(subject) *metav1.Status
	header func() (name, value string)
}

// Status refuses requests with this HTTP status and the body that an API server sends with it: 401 (rule 39), 403 (40),
// 404 (41), 405 (42), 406 (43), 410 (17), 429 (37), 500 and above (38) and so on. A code that is none of a refusal is answered with a 500 that
// says so.
func Status(code int) Refusal {
	return Refusal{status: func(s subject) *metav1.Status { return statusWith(code, s) }}
}

// TooManyRequests refuses requests with 429 and a Retry-After header of so many seconds, rounded up (rule 37).
func TooManyRequests(after time.Duration) Refusal {
	seconds := int(math.Ceil(max(after, 0).Seconds()))
	return Refusal{status: func(subject) *metav1.Status {
		return refusal(apierrors.NewTooManyRequests("too many requests, please try again later", seconds))
	}}
}

// TooManyRequestsUntil refuses requests with 429 and a Retry-After header that has a date, as proxies send it (rule 37),
// rounded up to a second. An ERROR event has no headers: InStream leaves the date out.
func TooManyRequestsUntil(at time.Time) Refusal {
	up := at.Add(time.Second - time.Nanosecond).Truncate(time.Second).UTC()
	return Refusal{
		status: func(subject) *metav1.Status {
			return refusal(apierrors.NewTooManyRequests("too many requests, please try again later", 0))
		},
		header: func() (string, string) { return "Retry-After", up.Format(http.TimeFormat) },
	}
}

func (f Refusal) kind() faultKind {
	return faultKind{begin: func(x *exchange) {
		if f.header != nil {
			x.Header().Set(f.header())
		}
		x.answered = true
		refuse(x, x.request, f.status(x.subject))
	}}
}

// InStream is the same refusal of watches in the other form, an ERROR event inside an answer of 200: watches that run
// end with it at once, new ones begin with it. Status(410).InStream() is how every watch whose history is lost ends today
// (rule 18).
func (f Refusal) InStream() Fault {
	tell := func(x *exchange) { x.refuseWith(f.status(x.subject)) }
	return faultKind{verbs: []string{"watch"}, begin: tell, running: tell}
}

// ProxyError has requests answered by something between client and server that could not reach it: this HTTP status
// and a page of HTML (rule 38). A code that is none of a refusal becomes 502.
func ProxyError(code int) Fault {
	if code < 400 || code > 599 {
		code = http.StatusBadGateway
	}
	return faultKind{begin: func(x *exchange) {
		x.answered = true
		text := fmt.Sprintf("<html><body><h1>%d %s</h1></body></html>\n", code, http.StatusText(code))
		respond(x, x.request, code, "text/html", []byte(text))
	}}
}

// statusWith is what an API server says with an HTTP status.
func statusWith(code int, s subject) *metav1.Status {
	if code < 400 || code > 599 {
		return failed(fmt.Errorf("fake.Status(%d): give a code from 400 to 599", code))
	}
	switch code {
	default:
		return refusal(apierrors.NewGenericServerResponse(code, s.verb, s.resource, s.object.name, "", 0, false))
	case http.StatusUnauthorized:
		return refusal(apierrors.NewUnauthorized("Unauthorized"))
	case http.StatusForbidden:
		return refusal(apierrors.NewForbidden(s.resource, s.object.name, errors.New(s.forbidden())))
	case http.StatusGone:
		return expired("The resourceVersion for the provided list is too old.")
	case http.StatusTooManyRequests:
		return refusal(apierrors.NewTooManyRequests("too many requests, please try again later", 1))
	case http.StatusInternalServerError:
		return refusal(apierrors.NewInternalError(errors.New("a fault was asked for")))
	case http.StatusServiceUnavailable:
		return refusal(apierrors.NewServiceUnavailable("the server is currently unable to handle the request"))
	case http.StatusGatewayTimeout:
		return refusal(apierrors.NewTimeoutError("request did not complete within the allotted timeout", 0))
	}
}

func (s subject) forbidden() string {
	where := "at the cluster scope"
	if s.object.namespace != "" {
		where = fmt.Sprintf("in the namespace %q", s.object.namespace)
	}
	return fmt.Sprintf("User \"fake\" cannot %s resource %q in API group %q %s", s.verb, s.resource.Resource, s.resource.Group, where)
}
