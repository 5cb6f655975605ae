package runtime

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/binding"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/dispatch"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/existence"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/observe"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/plan"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

func managed(cm *corev1.ConfigMap) {
	cm.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "m", Operation: "Update", APIVersion: "v1", FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(`{"f:data":{}}`)}}
}

// A stream leaves managedFields out unless one of those that it serves wants them, a narrow route among them; a narrow route's
// own stream goes by the narrow route alone.
func TestStreamsCutManagedFields(t *testing.T) {
	nothing := func(context.Context, capability.Event[*corev1.ConfigMap]) error { return nil }
	wide, narrow := capability.When(kind.ConfigMap), capability.When(kind.ConfigMap).InNamespace("ns").Alias("narrow")
	for _, test := range []struct {
		name     string
		bindings []capability.Binding
		carrier  bool // is told to cut
		rider    bool // its own stream would be
	}{
		{"nobody asks", []capability.Binding{wide.Watch(nothing), narrow.Watch(nothing)}, true, true},
		{"the shared stream's own asks", []capability.Binding{wide.ManagedFields().Watch(nothing), narrow.Watch(nothing)}, false, true},
		{"a narrow route asks", []capability.Binding{wide.Watch(nothing), narrow.ManagedFields().Watch(nothing)}, false, false},
		{"all ask", []capability.Binding{wide.ManagedFields().Watch(nothing), narrow.ManagedFields().Watch(nothing)}, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			compiled, err := declared(oneCapability(test.bindings...), capability.Env{})
			if err != nil {
				t.Fatal(err)
			}
			m, err := observe.New(prometheus.NewRegistry())
			if err != nil {
				t.Fatal(err)
			}
			live := map[*compile.Compiled]*binding.Binding{}
			for _, c := range compiled {
				live[c] = binding.New(c, binding.Options{}, existence.New(nil), logr.Discard(), m)
			}
			p := plan.New(compiled)
			if len(p.Streams) != 1 || len(p.Streams[0].Routes) != 2 {
				t.Fatalf("the plan is %+v, want one stream with a narrow route", p.Streams)
			}
			routes := p.Streams[0].Routes
			if got := dispatch.NewDispatcher(routes, live).Options(nil).CutManagedFields; got != test.carrier {
				t.Errorf("the shared stream cuts: %v, want %v", got, test.carrier)
			}
			own := dispatch.NewDispatcher(routes[1:], live)
			if got := own.Options(nil).CutManagedFields; got != test.rider {
				t.Errorf("the narrow route's own stream cuts: %v, want %v", got, test.rider)
			}
			if got := own.Routes[0].WantsManagedFields(); got == test.rider {
				t.Errorf("the list of a narrow route that comes back has them: %v", got)
			}
		})
	}
}

// sightings are what callbacks saw: binding, object, and whether it had managedFields.
type sightings struct {
	mu   sync.Mutex
	seen []string
}

func (s *sightings) of(binding string) capability.Handler[*corev1.ConfigMap] {
	return func(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.seen = append(s.seen, fmt.Sprint(binding, " ", e.Object.Name, " ", len(e.Object.ManagedFields) > 0))
		return nil
	}
}

func (s *sightings) sorted() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(slices.Values(s.seen))
}

// Two bindings on one stream: the one that asks sees managedFields, the other does not.
func TestManagedFieldsOnASharedStream(t *testing.T) {
	a, b := mapNamed("a"), mapNamed("b")
	managed(a)
	managed(b)
	saw := &sightings{}
	r := start(t, &stub{objects: []*corev1.ConfigMap{a, b}}, oneCapability(
		capability.When(kind.ConfigMap).Alias("plain").Reconcile(saw.of("plain")),
		capability.When(kind.ConfigMap).Alias("asks").ManagedFields().Reconcile(saw.of("asks")),
	))
	want := []string{"asks a true", "asks b true", "plain a false", "plain b false"}
	until(t, "all calls", func() bool { return len(saw.sorted()) == len(want) })
	if got := saw.sorted(); !slices.Equal(got, want) {
		t.Errorf("saw %q, want %q", got, want)
	}
	if n := len(r.Snapshot().Streams); n != 1 {
		t.Errorf("%d streams, want 1", n)
	}
}

// readerOf answers live reads with one object, cut as the options say.
type readerOf struct {
	answers
	asked *[]watcher.ReaderOptions
}

func (r readerOf) Read(_ context.Context, _ kind.Resource, _, _ string, o watcher.ReaderOptions) (*watcher.Frame, bool, error) {
	*r.asked = append(*r.asked, o)
	return r.frame, true, nil
}

// What was not kept in memory is read again as the binding wants it.
func TestManagedFieldsOfWhatIsReadAgain(t *testing.T) {
	for _, asks := range []bool{false, true} {
		saw, asked := &sightings{}, []watcher.ReaderOptions{}
		s := capability.When(kind.ConfigMap).Alias("b")
		if asks {
			s = s.ManagedFields()
		}
		compiled, err := declared(oneCapability(s.Reconcile(saw.of("b"))), capability.Env{})
		if err != nil {
			t.Fatal(err)
		}
		m, err := observe.New(prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		server := readerOf{answers{frame: frameOf(t, aMap("u", "2", managed))}, &asked}
		b := binding.New(compiled[0], binding.Options{}, existence.New(server), logr.Discard(), m)
		res := b.Call(t.Context(), queue.Call[*binding.Work]{
			Key: queue.Key{Namespace: "ns", Name: "n"}, UID: "u", Type: queue.Added,
			Payload: (&binding.Work{Frame: frameOf(t, aMap("u", "1"))}).DropObject(),
		})
		if res.Outcome != queue.Done {
			t.Fatalf("outcome %v, %v", res.Outcome, res.Err)
		}
		if want := []string{fmt.Sprintf("b n %v", asks)}; !slices.Equal(saw.sorted(), want) {
			t.Errorf("saw %q, want %q", saw.sorted(), want)
		}
		if len(asked) != 1 || asked[0].CutManagedFields == asks {
			t.Errorf("the server was asked with %+v", asked)
		}
	}
}

// A plan shows requests, and what is filtered here; managedFields are neither.
func TestManagedFieldsAreNotInThePlan(t *testing.T) {
	s, h := capability.When(kind.ConfigMap), (&sightings{}).of("b")
	plain, err := json.Marshal(planOf(t, s.Watch(h)))
	if err != nil {
		t.Fatal(err)
	}
	asking, err := json.Marshal(planOf(t, s.ManagedFields().Watch(h)))
	if err != nil || !bytes.Equal(plain, asking) {
		t.Errorf("the plan is %s, want %s", asking, plain)
	}
}
