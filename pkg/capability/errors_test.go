package capability_test

import (
	"errors"
	"testing"
	"time"

	"github.com/ancho-dev/ancho/pkg/capability"
)

var errPlain = errors.New("plain")

func TestErrorTexts(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{capability.RequeueAfter(time.Minute), "call again after 1m0s"},
		{capability.RetryAfter(time.Second, errPlain), "plain (try again after 1s)"},
		{capability.Permanent(errPlain), "plain (not to be tried again)"},
		{&capability.DecodeError{Key: "a/b", Err: errPlain}, "object a/b: plain"},
	} {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
	if !errors.Is(capability.Permanent(errPlain), errPlain) || !errors.Is(capability.RetryAfter(1, errPlain), errPlain) {
		t.Error("the cause cannot be found")
	}
}
