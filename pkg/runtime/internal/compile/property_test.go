package compile_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"pgregory.net/rapid"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// sample is an object of the property test: metadata, and the one field that only a server sees.
type sample struct {
	watcher.Meta
	node string
}

// modelStep is a step, with what it means said again in the plainest way.
type modelStep struct {
	text  string
	apply func(pods) pods
	holds func(*sample) bool
}

var (
	someNamespaces = []string{"a", "b", "web"}
	someNames      = []string{"n", "m", "web-1"}
	someRegexes    = []string{"^web", "a", "[bn]", "1$", "."}
	someKeys       = []string{"k", "x.io/l", "in"}
	someValues     = []string{"", "1", "5", "9", "zz"}
	someNodes      = []string{"", "w1", `w,2=\`}
	someSelectors  = []string{
		"k", "!k", "k=5", "k!=5", "k in (1,5)", "k notin (1,zz)", "k>1", "k<9", "k>4,k<6", "k in (,1),k!=1",
		"in notin (),k", "x.io/l in (zz,9),!in", "k>0,k!=5", "k<5,k notin (1,9)",
	}
)

func subset(t *rapid.T, of []string, label string) []string {
	return rapid.SliceOfN(rapid.SampledFrom(of), 1, 3).Draw(t, label)
}

func anyMatches(expressions []string, s string) bool {
	return slices.ContainsFunc(expressions, func(re string) bool { return regexp.MustCompile(re).MatchString(s) })
}

// oneStep draws a step.
func oneStep(t *rapid.T) modelStep {
	switch rapid.IntRange(0, 9).Draw(t, "step") {
	case 0:
		v := subset(t, someNamespaces, "namespaces")
		return modelStep{fmt.Sprintf("InNamespace%q", v), func(s pods) pods { return s.InNamespace(v...) }, func(o *sample) bool { return slices.Contains(v, o.Namespace) }}
	case 1:
		v := subset(t, someRegexes, "expressions")
		return modelStep{fmt.Sprintf("InNamespaceRegex%q", v), func(s pods) pods { return s.InNamespaceRegex(v...) }, func(o *sample) bool { return anyMatches(v, o.Namespace) }}
	case 2:
		v := subset(t, someNames, "names")
		return modelStep{fmt.Sprintf("WithName%q", v), func(s pods) pods { return s.WithName(v...) }, func(o *sample) bool { return slices.Contains(v, o.Name) }}
	case 3:
		v := subset(t, someRegexes, "expressions")
		return modelStep{fmt.Sprintf("WithNameRegex%q", v), func(s pods) pods { return s.WithNameRegex(v...) }, func(o *sample) bool { return anyMatches(v, o.Name) }}
	case 4:
		k := rapid.SampledFrom(someKeys).Draw(t, "key")
		v := rapid.SliceOfN(rapid.SampledFrom(someValues), 0, 3).Draw(t, "values")
		return modelStep{fmt.Sprintf("WithLabel %s%q", k, v), func(s pods) pods { return s.WithLabel(k, v...) }, func(o *sample) bool { return holdsOne(o.Labels, k, v) }}
	case 5:
		e := rapid.SampledFrom(someSelectors).Draw(t, "selector")
		sel, err := labels.Parse(e)
		if err != nil {
			t.Fatal(err)
		}
		return modelStep{"WithLabels " + e, func(s pods) pods { return s.WithLabels(e) }, func(o *sample) bool { return sel.Matches(asSet(o.Labels)) }}
	case 6:
		k := rapid.SampledFrom(someKeys).Draw(t, "key")
		v := rapid.SliceOfN(rapid.SampledFrom(someValues), 0, 3).Draw(t, "values")
		return modelStep{fmt.Sprintf("WithAnnotation %s%q", k, v), func(s pods) pods { return s.WithAnnotation(k, v...) }, func(o *sample) bool { return holdsOne(o.Annotations, k, v) }}
	case 7:
		return modelStep{"WithDeletionTimestamp", pods.WithDeletionTimestamp, func(o *sample) bool { return o.Deleting }}
	case 8:
		v := rapid.SampledFrom(someNodes).Draw(t, "node")
		return modelStep{"WithField node=" + v, func(s pods) pods { return s.WithField("spec.nodeName", v) }, func(o *sample) bool { return o.node == v }}
	default:
		v := rapid.SampledFrom(someNames).Draw(t, "name")
		return modelStep{"WithField name=" + v, func(s pods) pods { return s.WithField("metadata.name", v) }, func(o *sample) bool { return o.Name == v }}
	}
}

func holdsOne(set watcher.Pairs, k string, values []string) bool {
	v, ok := set.Get(k)
	return ok && (len(values) == 0 || slices.Contains(values, v))
}

func aSample(t *rapid.T) *sample {
	set := rapid.MapOfN(rapid.SampledFrom(someKeys), rapid.SampledFrom(someValues), 0, 3)
	return &sample{
		Meta: watcher.Meta{
			Namespace:   rapid.SampledFrom(someNamespaces).Draw(t, "object namespace"),
			Name:        rapid.SampledFrom(someNames).Draw(t, "object name"),
			Labels:      pairs(set.Draw(t, "object labels")),
			Annotations: pairs(set.Draw(t, "object annotations")),
			Deleting:    rapid.Bool().Draw(t, "object deleting"),
		},
		node: rapid.SampledFrom(someNodes).Draw(t, "object node"),
	}
}

func asSet(p watcher.Pairs) labels.Set {
	set := labels.Set{}
	for _, pair := range p {
		set[pair.Key] = pair.Value
	}
	return set
}

// serverSelects asks apimachinery what a server would answer to a target.
func serverSelects(t *rapid.T, target watcher.Target, o *sample) bool {
	l, err := labels.Parse(target.Labels)
	if err != nil {
		t.Fatalf("%q: %v", target.Labels, err)
	}
	if got := l.String(); got != target.Labels {
		t.Fatalf("the label selector %q is not in the order of apimachinery: %q", target.Labels, got)
	}
	f, err := fields.ParseSelector(target.Fields)
	if err != nil {
		t.Fatalf("%q: %v", target.Fields, err)
	}
	if got := f.String(); got != target.Fields {
		t.Fatalf("the field selector %q is not in the order of apimachinery: %q", target.Fields, got)
	}
	return (target.Namespace == "" || target.Namespace == o.Namespace) && l.Matches(asSet(o.Labels)) &&
		f.Matches(fields.Set{"metadata.name": o.Name, "metadata.namespace": o.Namespace, "spec.nodeName": o.node})
}

// declare builds the capability, or says what is wrong with it.
func compileSteps(steps []modelStep, wide bool, in, notIn []string, namespace string) (*compile.Compiled, error) {
	s := capability.When(kind.Pod)
	if wide {
		s = s.Wide()
	}
	for _, step := range steps {
		s = step.apply(s)
	}
	c := capability.New("test", s.Reconcile(onPod))
	if len(in) > 0 {
		c.InNamespace(in...)
	}
	if len(notIn) > 0 {
		c.NotInNamespace(notIn...)
	}
	cs, err := compile.Compile([]*capability.Capability{c}, compile.Options{Namespace: namespace})
	if err != nil {
		return nil, err
	}
	return cs[0], nil
}

// What the server selects and Match accepts is what the declaration says, whatever the order of its
// steps; Match, which a wider stream relies on, accepts nothing that no target selects; and what is
// refused as matching nothing matches nothing.
func TestSelectionProperty(t *testing.T) { rapid.Check(t, selectionProperty) }

func selectionProperty(t *rapid.T) {
	steps := rapid.SliceOfN(rapid.Custom(oneStep), 0, 5).Draw(t, "steps")
	wide := rapid.Bool().Draw(t, "wide")
	optional := func(label string) []string {
		return rapid.SliceOfN(rapid.SampledFrom(someNamespaces), 0, 2).Draw(t, label)
	}
	in, notIn := optional("capability in"), optional("capability not in")
	namespace := rapid.SampledFrom([]string{"", "", "", "a"}).Draw(t, "program")
	objects := rapid.SliceOfN(rapid.Custom(aSample), 1, 20).Draw(t, "objects")

	c, err := compileSteps(steps, wide, in, notIn, namespace)
	shuffled := rapid.Permutation(steps).Draw(t, "shuffled")
	again, errAgain := compileSteps(shuffled, wide, in, notIn, namespace)
	if (err == nil) != (errAgain == nil) {
		t.Fatalf("another order of steps: %v against %v", err, errAgain)
	}
	naive := func(o *sample) bool {
		for _, step := range steps {
			if !step.holds(o) {
				return false
			}
		}
		return (len(in) == 0 || slices.Contains(in, o.Namespace)) && !slices.Contains(notIn, o.Namespace) &&
			(namespace == "" || namespace == o.Namespace)
	}
	if err != nil {
		// A binding that names a namespace it must not look into is wrong even if others are left.
		if strings.Contains(err.Error(), "is outside") || strings.Contains(err.Error(), "is excluded") {
			return
		}
		for _, o := range objects {
			if naive(o) {
				t.Fatalf("%v\nbut %+v matches", err, o)
			}
		}
		return
	}
	if !slices.Equal(c.Targets, again.Targets) || !slices.Equal(c.ClientSide, again.ClientSide) {
		t.Fatalf("another order of steps:\n%q %q\n%q %q", streams(c), c.ClientSide, streams(again), again.ClientSide)
	}
	for _, o := range objects {
		compare(t, c, again, o, naive(o))
	}
}

func compare(t *rapid.T, c, again *compile.Compiled, o *sample, want bool) {
	match := c.Match(&o.Meta)
	if match != again.Match(&o.Meta) {
		t.Fatalf("another order of steps matches %+v differently", o)
	}
	for _, condition := range c.Conditions {
		if match && !meets(condition, &o.Meta) {
			t.Fatalf("%+v\nmatches, and does not meet %+v", o, condition)
		}
	}
	selected := 0
	for _, target := range c.Targets {
		if serverSelects(t, target, o) {
			selected++
		}
	}
	if got := selected > 0 && match; got != want {
		t.Fatalf("%+v\nselected by %d of %q, match %v, want %v", o, selected, streams(c), match, want)
	}
	if selected > 1 {
		t.Fatalf("%+v\nis delivered %d times by %q", o, selected, streams(c))
	}
	if match && selected == 0 && !slices.ContainsFunc(someNodes, func(node string) bool {
		o := *o
		o.node = node // no metadata shows it
		return slices.ContainsFunc(c.Targets, func(target watcher.Target) bool { return serverSelects(t, target, &o) })
	}) {
		t.Fatalf("%+v\nmatches, and none of %q selects it", o, streams(c))
	}
}

// Match is asked for every event of every stream.
func TestMatchAllocatesNothing(t *testing.T) {
	c := one(t, capability.When(kind.Pod).InNamespace("a", "b").Wide().WithNameRegex("^web-").WithLabel("k", "v", "w").
		WithLabels("n>3,n!=5,!z").WithAnnotation("x", "y").WithField("spec.nodeName", "w").
		Where(func(*corev1.Pod) bool { return true }).Watch(onPod))
	m := &watcher.Meta{
		Namespace: "a", Name: "web-1", Labels: watcher.Pairs{{Key: "k", Value: "v"}, {Key: "n", Value: "4"}}, Annotations: watcher.Pairs{{Key: "x", Value: "y"}},
	}
	other := &watcher.Meta{
		Namespace: "a", Name: "web-1", Labels: watcher.Pairs{{Key: "k", Value: "v"}, {Key: "n", Value: "many"}}, Annotations: watcher.Pairs{{Key: "x", Value: "y"}},
	}
	if !c.Match(m) || c.Match(other) {
		t.Fatal("the first matches, and the second does not")
	}
	if n := testing.AllocsPerRun(100, func() { c.Match(m); c.Match(other) }); n != 0 {
		t.Errorf("got %v allocations", n)
	}
}

func BenchmarkMatch(b *testing.B) {
	c := one(b, capability.When(kind.Pod).InNamespace("a", "b").Wide().WithName("web-1").WithLabel("k", "v", "w").WithAnnotation("x").Watch(onPod))
	m := &watcher.Meta{Namespace: "a", Name: "web-1", Labels: watcher.Pairs{{Key: "k", Value: "v"}}, Annotations: watcher.Pairs{{Key: "x", Value: "y"}}}
	b.ReportAllocs()
	for b.Loop() {
		c.Match(m)
	}
}

// meets says what a condition says.
func meets(c compile.Condition, m *watcher.Meta) bool {
	v, ok := "", true
	switch c.Part {
	case compile.PartName:
		v = m.Name
	case compile.PartNamespace:
		v = m.Namespace
	case compile.PartLabel:
		v, ok = m.Labels.Get(c.Key)
	case compile.PartAnnotation:
		v, ok = m.Annotations.Get(c.Key)
	}
	return ok && (len(c.Values) == 0 || slices.Contains(c.Values, v))
}

func TestConditions(t *testing.T) {
	got := one(t, capability.When(kind.Pod).InNamespace("b", "a").WithName("n").WithLabel("k", "v").WithLabel("there").WithLabels("!not,other!=x").
		WithAnnotation("x").WithAnnotation("y", "1", "2").WithNameRegex("n").Watch(onPod)).Conditions
	want := []compile.Condition{
		{Part: compile.PartName, Values: []string{"n"}},
		{Part: compile.PartNamespace, Values: []string{"a", "b"}},
		{Part: compile.PartLabel, Key: "k", Values: []string{"v"}},
		{Part: compile.PartLabel, Key: "there"},
		{Part: compile.PartAnnotation, Key: "x"},
		{Part: compile.PartAnnotation, Key: "y", Values: []string{"1", "2"}},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("conditions are\n%v, want\n%v", got, want)
	}
	if got := one(t, capability.When(kind.Pod).Watch(onPod)).Conditions; len(got) > 0 {
		t.Errorf("a binding of everything has the conditions %v", got)
	}
}
