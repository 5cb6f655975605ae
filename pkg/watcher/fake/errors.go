package fake

import (
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

// notServed is the answer for a path that no resource has. It is text, not a Status (rule 41).
const notServed = "404 page not found\n"

// expired is what a watch or list gets whose resourceVersion was forgotten (rules 17 and 18).
func expired(message string) *metav1.Status {
	return &metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusFailure, Message: message, Reason: metav1.StatusReasonExpired, Code: http.StatusGone,
	}
}
