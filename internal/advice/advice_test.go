package advice

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestFor(t *testing.T) {
	pods := schema.GroupResource{Resource: "pods"}
	for name, c := range map[string]struct {
		err  error
		says string // empty: nothing
	}{
		"none":        {nil, ""},
		"another":     {errors.New("connection refused"), ""},
		"forbidden":   {apierrors.NewForbidden(pods, "", errors.New(`User "robot" cannot list resource "pods"`)), ""},
		"anonymous":   {apierrors.NewForbidden(pods, "", errors.New(`User "system:anonymous" cannot list resource "pods"`)), "give the program a token"},
		"credentials": {fmt.Errorf("the request for /api/v1: %w", apierrors.NewUnauthorized("Unauthorized")), "check the token"},
		"trust":       {fmt.Errorf("GET /api/v1: %w", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}), "certificate authority"},
		"command":     {errors.New("getting credentials: exec: executable login not found"), "repair the command"},
	} {
		if got := For(c.err); (got == "") != (c.says == "") || !strings.Contains(got, c.says) {
			t.Errorf("%s: %q, want %q", name, got, c.says)
		}
	}
}
