package apiclient

import (
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// refusal is the error of a patch that the server refused. Where it finds the object invalid, it quotes the values that are, also
// of fields that the patch has nothing to do with, such as when the schema of a custom resource has become stricter. The
// error names these fields and leaves the rest out.
func refusal(said *metav1.Status) error {
	if said.Reason != metav1.StatusReasonInvalid || said.Details == nil || len(said.Details.Causes) == 0 { // not so, or somebody else's words
		return &apierrors.StatusError{ErrStatus: *said}
	}
	s := said.DeepCopy()
	var fields []string
	for i := range s.Details.Causes {
		c := &s.Details.Causes[i]
		c.Message = ""
		fields = append(fields, fmt.Sprintf("%s (%s)", c.Field, c.Type))
	}
	s.Message = fmt.Sprintf("%s %q is invalid: %s", s.Details.Kind, s.Details.Name, strings.Join(fields, ", "))
	return &apierrors.StatusError{ErrStatus: *s}
}
