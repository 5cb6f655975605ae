package fake

import (
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// refusal is the Status that an error of apimachinery's constructors carries.
func refusal(err *apierrors.StatusError) *metav1.Status {
	s := err.Status()
	s.Kind, s.APIVersion = "Status", "v1"
	return &s
}

func notFound(r schema.GroupResource, name string) *metav1.Status {
	return refusal(apierrors.NewNotFound(r, name))
}

// notServed is the answer for a path in a group that is not built in. It is text, not a Status (rule 41).
const notServed = "404 page not found\n"

// expired is what a watch or list gets whose resourceVersion was forgotten (rules 17 and 18).
func expired(message string) *metav1.Status {
	return &metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusFailure, Message: message, Reason: metav1.StatusReasonExpired, Code: http.StatusGone,
	}
}

// generic is the refusal of what never reached a resource.
func generic(code int) *metav1.Status {
	return refusal(apierrors.NewGenericServerResponse(code, "", schema.GroupResource{}, "", "", 0, false))
}

func malformed(message string) *metav1.Status { return refusal(apierrors.NewBadRequest(message)) }

// failed is the answer when the server itself could not do something; it has no reason.
func failed(err error) *metav1.Status {
	return &metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusFailure, Message: err.Error(), Code: http.StatusInternalServerError,
	}
}

// tooLarge is the answer to a request for a resourceVersion that is yet to come (rule 15). A real server waits for it
// first, for three seconds.
func tooLarge(want, have uint64) *metav1.Status {
	s := refusal(apierrors.NewTimeoutError(fmt.Sprintf("Too large resource version: %d, current: %d", want, have), 1))
	s.Details.Causes = []metav1.StatusCause{{Type: metav1.CauseTypeResourceVersionTooLarge, Message: "Too large resource version"}}
	return s
}
