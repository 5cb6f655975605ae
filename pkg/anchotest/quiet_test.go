package anchotest_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/anchotest"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// theirs stands for the global logger of controller-runtime. That complains, with a stack, of a program in which it is used after
// its first 30 seconds and was not set: so a program that uses none of it must not do so unawares. Here it is set once, for all tests.
type theirs struct{ used atomic.Int32 }

func (s *theirs) Init(logr.RuntimeInfo)          {}
func (s *theirs) Enabled(int) bool               { s.used.Add(1); return false }
func (s *theirs) Info(int, string, ...any)       { s.used.Add(1) }
func (s *theirs) Error(error, string, ...any)    { s.used.Add(1) }
func (s *theirs) WithName(string) logr.LogSink   { s.used.Add(1); return s }
func (s *theirs) WithValues(...any) logr.LogSink { s.used.Add(1); return s }

var global theirs

// What the server warns of is logged by the call whose request it answers, and without a call by the program. Nothing
// goes to a logger that the program did not give, nor does anything where it gave none.
func TestWarningsAreLogged(t *testing.T) {
	for name, logged := range map[string]bool{"logger": true, "no logger": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				var log strings.Builder
				c := anchotest.Start(t, anchotest.Options{
					Capabilities: []capability.Func{warned},
					Configure: func(o *runtime.Options) {
						o.Logger = o.Logger.WithSink(nil)
						if logged {
							o.Logger = funcr.New(func(_, args string) {
								mu.Lock()
								defer mu.Unlock()
								log.WriteString(args + "\n")
							}, funcr.Options{})
						}
					},
				})
				c.Create(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "a"}})
				c.Settle()
				if calls := c.Calls("c/configmaps"); len(calls) != 1 || calls[0].Err != nil {
					t.Fatalf("%+v", calls)
				}
				if n := global.used.Load(); n != 0 {
					t.Errorf("the logger of controller-runtime was used %d times", n)
				}
				var of, nobody int
				mu.Lock()
				defer mu.Unlock()
				for line := range strings.Lines(log.String()) {
					switch {
					case !strings.Contains(line, "Endpoints is deprecated"):
					case strings.Contains(line, `"object"="demo/a"`):
						of++
					default:
						nobody++
					}
				}
				if want := map[bool]int{true: 1}[logged]; of != want || nobody != want {
					t.Errorf("%d warnings for a call, %d without, want %d of each:\n%s", of, nobody, want, log.String())
				}
			})
		})
	}
}

// warned is a capability whose callback asks for what the server warns of, with the context of the call, and without.
func warned(env capability.Env) *capability.Capability {
	return capability.New("c", capability.When(kind.ConfigMap).InNamespace("demo").Reconcile(
		func(ctx context.Context, _ capability.Event[*corev1.ConfigMap]) error {
			var all corev1.EndpointsList // for the sake of the warning
			if err := env.Client.List(ctx, &all, client.InNamespace("demo")); err != nil {
				return err
			}
			return env.Client.List(context.Background(), &all, client.InNamespace("demo")) //nolint:contextcheck // of no call
		}))
}
