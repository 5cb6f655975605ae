package apiclient

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// What an API server says of an object that is invalid quotes its values.
func TestRefusedPatchSaysNoValues(t *testing.T) {
	const password = "hunter2-Gx7Qm2Zp9LwT4vKb"
	invalid := apierrors.NewInvalid(schema.GroupKind{Group: "example.com", Kind: "WebApp"}, "shop", field.ErrorList{
		field.Invalid(field.NewPath("spec", "password"), password, "should match '^[a-z]+$'"),
		field.Duplicate(field.NewPath("spec", "keys").Index(1), password),
	}).ErrStatus
	invalid.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}
	err := refused(t, invalid)
	if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, password[:8]) || strings.Contains(text, password[16:]) {
		t.Errorf("a value is said: %s", text)
	}
	const want = `WebApp "shop" is invalid: spec.password (FieldValueInvalid), spec.keys[1] (FieldValueDuplicate)`
	if !apierrors.IsInvalid(err) || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// What others say is passed on: nobody else knows what is wrong.
func TestRefusedPatchSaysWhy(t *testing.T) {
	for _, reason := range []metav1.StatusReason{metav1.StatusReasonForbidden, metav1.StatusReasonInvalid, ""} {
		err := refused(t, metav1.Status{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure,
			Code: 422, Reason: reason, Message: "a webhook denied the request: not on Fridays",
		})
		if err == nil || !strings.HasSuffix(err.Error(), "not on Fridays") {
			t.Errorf("%s: %v", reason, err)
		}
	}
}

// refused is the error of a patch that is answered so.
func refused(t *testing.T, s metav1.Status) error {
	t.Helper()
	body, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	server, _ := ask(t, "http://server", map[string]*http.Response{shopPath: answer(int(s.Code), "application/json", string(body))})
	_, err = server.Patch(t.Context(), webAppResource, "demo", "shop", []byte(shopPatch), wire.ReaderOptions{})
	return err
}
