package binding

import (
	"errors"
	"fmt"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/queue"
)

var errPlain = errors.New("plain")

func TestResultOf(t *testing.T) {
	requeue := capability.RequeueAfter(time.Minute)
	decode := &capability.DecodeError{Key: "a/b", Err: errPlain}
	things := schema.GroupResource{Resource: "things"}
	conflict, missing := apierrors.NewConflict(things, "x", errPlain), apierrors.NewNotFound(things, "x")
	tests := map[string]struct {
		err   error
		want  queue.Outcome
		after time.Duration
	}{
		"nil":                            {nil, queue.Done, 0},
		"plain":                          {errPlain, queue.Retry, 0},
		"requeue":                        {requeue, queue.Requeue, time.Minute},
		"requeue at once":                {capability.RequeueAfter(-1), queue.Requeue, 0},
		"requeue for a reason":           {fmt.Errorf("b: %w", fmt.Errorf("a: %w", requeue)), queue.Requeue, time.Minute},
		"requeue joined":                 {errors.Join(requeue, errPlain), queue.Retry, 0},
		"requeue joined second":          {errors.Join(errPlain, requeue), queue.Retry, 0},
		"requeues joined":                {errors.Join(requeue, requeue), queue.Retry, 0},
		"requeue joined with nil":        {errors.Join(nil, requeue), queue.Requeue, time.Minute},
		"requeue with two reasons":       {fmt.Errorf("%w: %w", errPlain, requeue), queue.Retry, 0},
		"a join with a reason":           {fmt.Errorf("a: %w", errors.Join(errPlain, requeue)), queue.Retry, 0},
		"retry after":                    {capability.RetryAfter(time.Second, errPlain), queue.RetryAfter, time.Second},
		"retry after for a reason":       {fmt.Errorf("a: %w", capability.RetryAfter(time.Second, errPlain)), queue.RetryAfter, time.Second},
		"retry after joined":             {errors.Join(capability.RetryAfter(time.Second, errPlain), errPlain), queue.Retry, 0},
		"retry after nil":                {capability.RetryAfter(time.Second, nil), queue.Done, 0},
		"permanent":                      {capability.Permanent(errPlain), queue.Permanent, 0},
		"permanent for a reason":         {fmt.Errorf("a: %w", capability.Permanent(errPlain)), queue.Permanent, 0},
		"permanent of several":           {capability.Permanent(errors.Join(errPlain, errPlain)), queue.Permanent, 0},
		"permanent nil":                  {capability.Permanent(nil), queue.Done, 0},
		"the outermost counts":           {capability.RetryAfter(time.Second, capability.Permanent(errPlain)), queue.RetryAfter, time.Second},
		"the outermost counts, reversed": {capability.Permanent(capability.RetryAfter(time.Second, errPlain)), queue.Permanent, 0},
		"a requeue made permanent":       {capability.Permanent(requeue), queue.Permanent, 0},
		"a conflict":                     {conflict, queue.Conflict, 0},
		"a conflict for a reason":        {fmt.Errorf("%w: a: %w", errPlain, conflict), queue.Conflict, 0},
		"a conflict behind an answer":    {errors.Join(missing, conflict), queue.Conflict, 0},
		"a conflict without a reason":    {&apierrors.StatusError{ErrStatus: metav1.Status{Code: 409}}, queue.Conflict, 0},
		"a name that is taken":           {apierrors.NewAlreadyExists(things, "x"), queue.Retry, 0},
		"retry after a conflict":         {capability.RetryAfter(time.Second, conflict), queue.Conflict, time.Second},
		"released":                       {fmt.Errorf("a: %w", capability.ReleaseFinalizer), queue.Done, 0},
		"a permanent conflict":           {capability.Permanent(conflict), queue.Permanent, 0},
		"decode":                         {decode, queue.Permanent, 0},
		"decode for a reason":            {fmt.Errorf("a: %w", decode), queue.Permanent, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := resultOf(tt.err)
			if got.Outcome != tt.want || got.After != tt.after {
				t.Errorf("got %s after %s, want %s after %s", got.Outcome, got.After, tt.want, tt.after)
			}
			failed := tt.want != queue.Done && tt.want != queue.Requeue
			if (got.Err != nil) != failed || (failed && !errors.Is(got.Err, tt.err)) {
				t.Errorf("got the error %v", got.Err)
			}
			if is := capability.IsPermanent(tt.err); is != (tt.want == queue.Permanent) {
				t.Errorf("IsPermanent: got %v", is)
			}
			d, is := capability.RetryDelay(tt.err)
			if _, asked := errors.AsType[interface {
				error
				Unwrap() []error
			}](tt.err); !asked && (is != (got.After > 0 && failed) || is && d != got.After) {
				t.Errorf("RetryDelay: got %s, %v", d, is)
			}
			d, is = capability.IsRequeue(tt.err)
			if is != (tt.want == queue.Requeue) || d != got.After && is {
				t.Errorf("IsRequeue: got %s, %v", d, is)
			}
		})
	}
}
