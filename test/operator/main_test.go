package operator_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// journal is what callbacks were called with.
type journal struct {
	mu     sync.Mutex
	lines  []string
	answer map[string]error // by what is told, such as "clean a": what the callback returns
}

// as is a callback that writes down what it is called with, as "verb name type finalizers".
func (j *journal) as(verb string) capability.Handler[*corev1.ConfigMap] {
	return func(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
		j.mu.Lock()
		defer j.mu.Unlock()
		line := fmt.Sprintf("%s %s %s", verb, e.Object.Name, e.Type)
		if len(e.Object.Finalizers) > 0 {
			line += " " + strings.Join(e.Object.Finalizers, ",")
		}
		for _, c := range e.Causes {
			if c.Via != "watch" && c.Via != "retry" && c.Via != "requeue" {
				line += fmt.Sprintf(" (%s %s %s %s)", c.Via, c.Kind, c.Name, c.Type)
			}
		}
		j.lines = append(j.lines, line)
		return j.answer[verb+" "+e.Object.Name]
	}
}

func (j *journal) answers(what string, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.answer == nil {
		j.answer = map[string]error{}
	}
	j.answer[what] = err
}

// take empties the journal.
func (j *journal) take() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	defer func() { j.lines = nil }()
	return j.lines
}

func (j *journal) expect(t *testing.T, want ...string) {
	t.Helper()
	if got := j.take(); !slices.Equal(got, want) {
		t.Errorf("called with\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// expectSet is expect for calls in any order.
func (j *journal) expectSet(t *testing.T, want ...string) {
	t.Helper()
	got := j.take()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("called with\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func configMap(ns, name string, change ...func(*corev1.ConfigMap)) *corev1.ConfigMap {
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name}}
	for _, f := range change {
		f(cm)
	}
	return cm
}

func labelled(cm *corev1.ConfigMap) { cm.Labels = map[string]string{"in": "yes"} }

func capabilityOf(b ...capability.Binding) capability.Func {
	return func(capability.Env) *capability.Capability { return capability.New("c", b...) }
}
