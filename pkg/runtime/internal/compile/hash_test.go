package compile_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// changes tells which of a list of objects have another hash than the one before.
func changes(t *testing.T, project func(*corev1.Pod) any, objects ...*corev1.Pod) string {
	t.Helper()
	c := one(t, capability.When(kind.Pod).OnChange(project).Watch(onPod))
	var b strings.Builder
	var last uint64
	for i, o := range objects {
		match, hash, err := c.Inspect(frame(t, o))
		if err != nil || !match {
			t.Fatalf("got %v, %v", match, err)
		}
		if again, hashAgain, _ := c.Inspect(frame(t, o)); !again || hashAgain != hash {
			t.Fatal("the hash is not the same the second time")
		}
		if i > 0 {
			b.WriteString(map[bool]string{true: "=", false: "!"}[hash == last])
		}
		last = hash
	}
	return b.String()
}

func TestOnChange(t *testing.T) {
	labelled := func(labels map[string]string) *corev1.Pod {
		p := podOn("w")
		p.Labels = labels
		return p
	}
	limited := func(cpu string) *corev1.Pod {
		p := podOn("w")
		p.Spec.Containers = []corev1.Container{{Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{"cpu": resource.MustParse(cpu)}}}}
		return p
	}
	tests := map[string]struct {
		project func(*corev1.Pod) any
		objects []*corev1.Pod
		want    string
	}{
		"a string":              {func(p *corev1.Pod) any { return p.Spec.NodeName }, []*corev1.Pod{podOn("a"), podOn("a"), podOn("b"), podOn("a")}, "=!!"},
		"what is not looked at": {func(p *corev1.Pod) any { return p.Name }, []*corev1.Pod{podOn("a"), podOn("b")}, "="},
		"a map": {
			func(p *corev1.Pod) any { return p.Labels },
			[]*corev1.Pod{
				labelled(map[string]string{"a": "1", "b": "2"}), labelled(map[string]string{"b": "2", "a": "1"}),
				labelled(map[string]string{"a": "2", "b": "1"}), labelled(map[string]string{"a": "2"}),
			}, "=!!",
		},
		"pointers are followed": {func(p *corev1.Pod) any { return &p.Spec }, []*corev1.Pod{podOn("a"), podOn("a"), podOn("b")}, "=!"},
		"quantities by value": {
			func(p *corev1.Pod) any { return p.Spec.Containers },
			[]*corev1.Pod{limited("1"), limited("1000m"), limited("2")}, "=!",
		},
		"a slice of anything": {func(p *corev1.Pod) any { return []any{p.Name, p.Spec.NodeName} }, []*corev1.Pod{podOn("a"), podOn("a"), podOn("b")}, "=!"},
		"a struct of one's own": {
			func(p *corev1.Pod) any { return struct{ Node string }{p.Spec.NodeName} },
			[]*corev1.Pod{podOn("a"), podOn("a"), podOn("b")}, "=!",
		},
		"nil and times": {
			func(p *corev1.Pod) any {
				if p.Spec.NodeName == "" {
					return nil
				}
				return []any{p.CreationTimestamp, time.Unix(1, 0), metav1.NewTime(time.Unix(1, 0))}
			},
			[]*corev1.Pod{podOn(""), podOn(""), podOn("a"), podOn("b")}, "=!=",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := changes(t, tt.project, tt.objects...); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// Several functions are hashed together: a value that moves from one to the next is a change.
func TestOnChangeOfSeveral(t *testing.T) {
	move := func(p *corev1.Pod) (first, second string) {
		if p.Spec.NodeName == "left" {
			return "x", ""
		}
		return "", "x"
	}
	c := one(t, capability.When(kind.Pod).
		OnChange(func(p *corev1.Pod) any { a, _ := move(p); return a }).
		OnChange(func(p *corev1.Pod) any { _, b := move(p); return b }).Watch(onPod))
	_, left, _ := c.Inspect(frame(t, podOn("left")))
	_, right, _ := c.Inspect(frame(t, podOn("right")))
	if left == right {
		t.Error("the same hash")
	}
}

// OnChange is not asked about objects that Where refuses.
func TestWhereComesFirst(t *testing.T) {
	asked := 0
	c := one(t, capability.When(kind.Pod).OnChange(func(*corev1.Pod) any { asked++; return 1 }).Where(onNode("w")).Watch(onPod))
	for _, node := range []string{"x", "w"} {
		if got, hash, err := c.Inspect(frame(t, podOn(node))); got != (node == "w") || (hash != 0) != got || err != nil {
			t.Errorf("%s: got %v, %d, %v", node, got, hash, err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times, want 1", asked)
	}
}

type (
	hiding    struct{ node string }
	embedding struct {
		hiding
		Name string
	}
	number         int
	embeddedNumber struct{ number }
	Shown          struct{ Node string }
	embeddedStruct struct{ *Shown }
	tagged         struct {
		Node string `json:"-"`
	}
	writes  struct{ node string }
	written struct{ *writes }
)

func (w *writes) MarshalJSON() ([]byte, error) { return []byte(`"` + w.node + `"`), nil }

// A change that JSON would not show is refused instead of being missed.
func TestOnChangeRefuses(t *testing.T) {
	tests := map[string]struct {
		value any
		want  string
	}{
		"an unexported field":      {hiding{"a"}, "hiding with the field node"},
		"behind a pointer":         {&hiding{"a"}, "hiding with the field node"},
		"in a slice":               {[]hiding{}, "hiding with the field node"},
		"in a map":                 {map[string]hiding{}, "hiding with the field node"},
		"in a slice of anything":   {[]any{1, []any{hiding{"a"}}}, "hiding with the field node"},
		"in a map of anything":     {map[string]any{"a": map[string]any{"b": hiding{}}}, "hiding with the field node"},
		"embedded":                 {embedding{hiding: hiding{"a"}}, "hiding with the field node"},
		"an embedded number":       {embeddedNumber{1}, "embeddedNumber with the field number"},
		"in an array":              {[1]hiding{}, "hiding with the field node"},
		"left out by its tag":      {tagged{"a"}, "tagged with the field Node"},
		"its method is not called": {writes{"a"}, "writes with the field node"},
		"an error":                 {errors.New("a"), "the field s, which JSON leaves out"},
		"a function":               {func() {}, "has no JSON form"},
		"a number that is none":    {math.NaN(), "has no JSON form"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := one(t, capability.When(kind.Pod).OnChange(func(*corev1.Pod) any { return tt.value }).Watch(onPod))
			match, _, err := c.Inspect(frame(t, podOn("w")))
			if match || err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "object a/n: function number 1") {
				t.Errorf("got %v, %v, want %s", match, err, tt.want)
			}
		})
	}
	circle := []any{nil}
	circle[0] = circle
	c := one(t, capability.When(kind.Pod).OnChange(func(*corev1.Pod) any { return circle }).Watch(onPod))
	if _, _, err := c.Inspect(frame(t, podOn("w"))); err == nil {
		t.Error("a circle has no JSON form")
	}
}

func TestOnChangeTakesMarshalers(t *testing.T) {
	for name, v := range map[string]any{
		"a pointer to one": &writes{"a"},
		"a slice of them":  []writes{{"a"}},
		"one embedded":     written{&writes{"a"}},
		"a struct inside":  embeddedStruct{&Shown{"a"}},
		"raw bytes":        runtime.RawExtension{Raw: []byte(`{}`)},
	} {
		c := one(t, capability.When(kind.Pod).OnChange(func(*corev1.Pod) any { return v }).Watch(onPod))
		if _, _, err := c.Inspect(frame(t, podOn("w"))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
