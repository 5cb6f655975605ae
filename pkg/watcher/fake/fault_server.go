package fake

import (
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// NoWatchList refuses watches that are to begin with all objects (KEP-3157), as servers and proxies do that do not know them
// (rule 4): with 422 and the body of a server where that is switched off, or with 400 or 405.
func NoWatchList(code int) Fault {
	return faultKind{verbs: []string{"watch"}, concerns: asksForAll, begin: func(x *exchange) {
		x.answered = true
		status := statusWith(code, x.subject)
		if code == http.StatusUnprocessableEntity {
			status = refusal(apierrors.NewInvalid(schema.GroupKind{Group: metav1.GroupName, Kind: "ListOptions"}, "", field.ErrorList{
				field.Forbidden(field.NewPath("sendInitialEvents"), "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled"),
			}))
		}
		refuse(x, x.request, status)
	}}
}

// IgnoreWatchList has the server not know the parameters of such watches, as very old ones (rule 4): the objects come, with no
// bookmark behind them.
func IgnoreWatchList() Fault {
	return faultKind{verbs: []string{"watch"}, concerns: asksForAll, begin: func(x *exchange) {
		r := x.request.Clone(x.request.Context())
		q := r.URL.Query()
		q.Del("sendInitialEvents")
		q.Del("resourceVersionMatch")
		r.URL.RawQuery = q.Encode()
		x.request, x.old = r, true
	}}
}

func asksForAll(x *exchange) bool { return x.request.URL.Query().Get("sendInitialEvents") == "true" }

// GoAway has the server ask the client to open another connection, as a real one does now and then to spread its load
// (rule 30): a GOAWAY frame over HTTP/2, for which the port needs WithTLS; a connection that is closed after its answer over
// HTTP/1.1. Requests that run go on.
func GoAway() Fault {
	return faultKind{begin: func(x *exchange) { x.Header().Set("Connection", "close") }}
}
