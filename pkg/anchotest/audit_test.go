package anchotest_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr/funcr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/anchotest"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

// seenMaps is what a binding on ConfigMaps was called for.
type seenMaps struct {
	mu  sync.Mutex
	all []string
}

func (s *seenMaps) add(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, string(e.Type)+" "+e.Object.Name+" "+e.Object.Data["k"])
	return nil
}

func (s *seenMaps) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.all
	s.all = nil
	slices.Sort(out)
	return out
}

func mapOf(name, value string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: name, Labels: map[string]string{"app": "a"}}, Data: map[string]string{"k": value}}
}

// Events that the server lost are delivered after the next audit, whether the binding or the program asks for it, and only then.
func TestAuditDeliversLostEvents(t *testing.T) {
	for name, c := range map[string]struct {
		audit   func(capability.Selection[*corev1.ConfigMap]) capability.Selection[*corev1.ConfigMap]
		program time.Duration
	}{
		"of a binding": {func(s capability.Selection[*corev1.ConfigMap]) capability.Selection[*corev1.ConfigMap] {
			return s.Audit(time.Hour)
		}, 0},
		"of the program": {func(s capability.Selection[*corev1.ConfigMap]) capability.Selection[*corev1.ConfigMap] { return s }, time.Hour},
		"with a selector": {func(s capability.Selection[*corev1.ConfigMap]) capability.Selection[*corev1.ConfigMap] {
			return s.WithLabel("app").Audit(time.Hour)
		}, 0},
		"the shorter wins": {func(s capability.Selection[*corev1.ConfigMap]) capability.Selection[*corev1.ConfigMap] {
			return s.Audit(time.Hour)
		}, 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seen := &seenMaps{}
				s := c.audit(capability.When(kind.ConfigMap).InNamespace("demo")).IsCreatedOrUpdated().IsDeleted()
				cl := anchotest.Start(t, anchotest.Options{
					Capabilities: []capability.Func{func(capability.Env) *capability.Capability { return capability.New("c", s.Reconcile(seen.add)) }},
					Configure:    func(o *runtime.Options) { o.Audit = c.program },
				})
				cl.Create(mapOf("changes", "1"))
				cl.Create(mapOf("goes", "1"))
				cl.Create(mapOf("stays", "1"))
				cl.Settle()
				seen.take()
				lost := cl.Fault(fake.Lose())
				cl.Update(mapOf("changes", "2"))
				cl.Delete(mapOf("goes", "1"))
				cl.Create(mapOf("comes", "1"))
				time.Sleep(time.Minute)
				lost.Stop()
				if got := seen.take(); len(got) > 0 {
					t.Fatalf("the events were not lost: %q", got)
				}
				time.Sleep(45 * time.Minute)
				if got := seen.take(); len(got) > 0 {
					t.Fatalf("called before the audit: %q", got)
				}
				time.Sleep(30 * time.Minute)
				cl.Settle()
				if got, want := seen.take(), []string{"Added comes 1", "Deleted goes ", "Modified changes 2"}; !slices.Equal(got, want) {
					t.Errorf("called for %q, want %q", got, want)
				}
			})
		})
	}
}

// A change whose event is late, and objects that change all the time, are no lost events.
func TestAuditOfAHealthyStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &seenMaps{}
		var log strings.Builder
		cl := anchotest.Start(t, anchotest.Options{
			Capabilities: []capability.Func{func(capability.Env) *capability.Capability {
				return capability.New("c", capability.When(kind.ConfigMap).InNamespace("demo").Audit(10*time.Minute).Reconcile(seen.add))
			}},
			Configure: func(o *runtime.Options) {
				o.Logger = funcr.New(func(_, args string) {
					seen.mu.Lock()
					defer seen.mu.Unlock()
					log.WriteString(args + "\n")
				}, funcr.Options{})
			},
		})
		for i := range 20 {
			cl.Create(mapOf(string(rune('a'+i)), "0"))
		}
		for i := range 3 * 60 * 2 { // three hours
			name := string(rune('a' + i%20))
			switch i % 7 {
			case 3:
				cl.Delete(mapOf(name, ""))
				cl.Create(mapOf(name, "new"))
			default:
				cl.Update(mapOf(name, time.Duration(i).String()))
			}
			time.Sleep(30 * time.Second)
		}
		cl.Settle()
		seen.mu.Lock()
		defer seen.mu.Unlock()
		if strings.Contains(log.String(), "events were lost") || strings.Contains(log.String(), "audit") {
			t.Errorf("an audit found lost events, or failed: %s", log.String())
		}
	})
}
