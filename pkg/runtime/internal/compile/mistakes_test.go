package compile_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
)

// mistakesOf compiles what must not compile.
func mistakesOf(t *testing.T, o compile.Options, caps ...*capability.Capability) []capability.Mistake {
	t.Helper()
	cs, err := compile.Compile(caps, o)
	var d *capability.DeclarationError
	if !errors.As(err, &d) {
		t.Fatalf("got %d bindings and %v, want a *DeclarationError", len(cs), err)
	}
	if cs != nil {
		t.Errorf("got bindings beside the error")
	}
	return d.Mistakes
}

// Each of these is one mistake of one selection of pods.
func TestWrongSteps(t *testing.T) {
	tests := map[string]struct {
		in   func(pods) pods
		want string
	}{
		"no namespace":              {func(s pods) pods { return s.InNamespace() }, "InNamespace() without arguments"},
		"bad namespace":             {func(s pods) pods { return s.InNamespace("a", "Bad_One") }, `InNamespace("Bad_One"): no valid namespace: `},
		"empty namespace":           {func(s pods) pods { return s.InNamespace("") }, `InNamespace(""): no valid namespace: `},
		"namespaces exclude":        {func(s pods) pods { return s.InNamespace("a").InNamespace("b") }, "namespace steps leave no namespace"},
		"no namespace expression":   {func(s pods) pods { return s.InNamespaceRegex() }, "InNamespaceRegex() without arguments"},
		"bad namespace expression":  {func(s pods) pods { return s.InNamespaceRegex("[a") }, `InNamespaceRegex("[a"): error parsing regexp`},
		"empty expression":          {func(s pods) pods { return s.InNamespaceRegex("") }, `the empty expression matches every namespace`},
		"no namespace matches":      {func(s pods) pods { return s.InNamespace("a", "b").InNamespaceRegex("^c") }, `InNamespaceRegex matches none of the namespaces "a", "b"`},
		"no name":                   {func(s pods) pods { return s.WithName() }, "WithName() without arguments"},
		"bad name":                  {func(s pods) pods { return s.WithName("a/b") }, `WithName("a/b"): no valid name: `},
		"empty name":                {func(s pods) pods { return s.WithName("") }, `WithName(""): no valid name: it is empty`},
		"long name":                 {func(s pods) pods { return s.WithName(strings.Repeat("a", 254)) }, "must be no more than 253"},
		"name of another kind":      {func(s pods) pods { return s.WithName("system:node") }, `WithName("system:node"): no Pod can have this name: `},
		"names exclude":             {func(s pods) pods { return s.WithName("a").WithName("b") }, "name steps leave no name"},
		"name and field exclude":    {func(s pods) pods { return s.WithName("a").WithField("metadata.name", "b") }, "name steps leave no name"},
		"bad metadata.name":         {func(s pods) pods { return s.WithField("metadata.name", "") }, `WithField("metadata.name", ""): no valid value: it is empty`},
		"bad name expression":       {func(s pods) pods { return s.WithNameRegex("a", "(") }, `WithNameRegex("("): error parsing regexp`},
		"no name matches":           {func(s pods) pods { return s.WithNameRegex("^web-").WithName("db") }, `WithNameRegex matches none of the names "db"`},
		"bad label key":             {func(s pods) pods { return s.WithLabel("a b") }, `WithLabel("a b"): key: Invalid value`},
		"bad label value":           {func(s pods) pods { return s.WithLabel("a", "x", "b c") }, `WithLabel("a", "x", "b c"): values[1][a]: Invalid value`},
		"bad label expression":      {func(s pods) pods { return s.WithLabels("a in") }, `WithLabels("a in"): `},
		"empty label expression":    {func(s pods) pods { return s.WithLabels(" ") }, `the expression selects every object`},
		"labels exclude":            {func(s pods) pods { return s.WithLabel("k", "a").WithLabel("k", "b") }, `no value of label "k" meets all steps`},
		"label there and not":       {func(s pods) pods { return s.WithLabels("!k").WithLabel("k") }, `label "k" must be present and absent`},
		"label values disjoint":     {func(s pods) pods { return s.WithLabels("k in (a,b)").WithLabels("k notin (b,a)") }, `no value of label "k" meets all steps`},
		"label bounds cross":        {func(s pods) pods { return s.WithLabels("k>4,k<5") }, `no number is within the bounds of label "k"`},
		"label below zero":          {func(s pods) pods { return s.WithLabels("k<0") }, `no number is within the bounds of label "k"`},
		"label value out of bounds": {func(s pods) pods { return s.WithLabels("k>4,k in (1,a)") }, `no value of label "k" meets all steps`},
		"empty field":               {func(s pods) pods { return s.WithField("", "v") }, "the path is empty"},
		"field with a dot":          {func(s pods) pods { return s.WithField(".spec.nodeName", "v") }, "the path begins with a dot"},
		"field with an operator":    {func(s pods) pods { return s.WithField("spec.nodeName!", "v") }, "the path holds a character"},
		"fields exclude":            {func(s pods) pods { return s.WithField("spec.nodeName", "a").WithField("spec.nodeName", "b") }, `field "spec.nodeName" must have two values at once`},
		"bad annotation":            {func(s pods) pods { return s.WithAnnotation("a b") }, `WithAnnotation("a b"): no valid key`},
		"annotations exclude":       {func(s pods) pods { return s.WithAnnotation("k", "a").WithAnnotation("k", "b") }, `no value of annotation "k" meets all steps`},
		"nil Where":                 {func(s pods) pods { return s.Where(nil) }, "Where(nil)"},
		"empty OnChange":            {func(s pods) pods { return s.OnChange() }, "OnChange() without arguments"},
		"nil OnChange":              {func(s pods) pods { return s.OnChange(func(*corev1.Pod) any { return nil }, nil) }, "OnChange: function number 2 is nil"},
		"spec change of deletions":  {func(s pods) pods { return s.IsDeleted().OnSpecChange() }, "OnSpecChange compares"},
		"change of creations":       {func(s pods) pods { return s.OnChange(func(*corev1.Pod) any { return nil }).IsCreated() }, "OnChange compares"},
		"nothing can leave":         {func(s pods) pods { return s.InNamespace("a").WithName("n").HasLeft() }, "no object can leave this selection"},
		"bad alias":                 {func(s pods) pods { return s.Alias("My Pods") }, `Alias("My Pods"): no valid name`},
		"no concurrency":            {func(s pods) pods { return s.Concurrency(0) }, "Concurrency(0)"},
		"no timeout":                {func(s pods) pods { return s.Timeout(0) }, "Timeout(0s)"},
		"negative timeout":          {func(s pods) pods { return s.Timeout(-time.Second) }, "Timeout(-1s)"},
		"no backoff":                {func(s pods) pods { return s.Backoff(0, time.Second) }, "Backoff(0s, 1s)"},
		"backoff turned round":      {func(s pods) pods { return s.Backoff(time.Minute, time.Second) }, "Backoff(1m0s, 1s): the least delay is longer"},
		"no attempts":               {func(s pods) pods { return s.MaxAttempts(0) }, "MaxAttempts(0)"},
		"no memory":                 {func(s pods) pods { return s.MemoryBudget(-1) }, "MemoryBudget(-1)"},
		"no such strategy":          {func(s pods) pods { return s.Queue("nothing") }, `Queue("nothing")`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b, at := tt.in(capability.When(kind.Pod)).Reconcile(onPod), thisLine()
			ms := mistakesOf(t, compile.Options{}, capability.New("test", b))
			if len(ms) != 1 {
				t.Fatalf("got %d mistakes, want 1: %v", len(ms), ms)
			}
			m := ms[0]
			if !strings.Contains(m.Problem, tt.want) {
				t.Errorf("got  %s\nwant %s", m.Problem, tt.want)
			}
			if m.Location != at || m.Capability != "test" || m.Binding != "pods" || m.Remedy == "" {
				t.Errorf("got %+v, want it at %s, of test and pods, with a remedy", m, at)
			}
			if strings.Contains(m.Error(), "\n") {
				t.Errorf("more than one line: %s", m.Error())
			}
		})
	}
}

func TestWrongBindings(t *testing.T) {
	type nodes = capability.Selection[*corev1.Node]
	tests := map[string]struct {
		b    capability.Binding
		want []string
	}{
		"nil callback of Watch":     {capability.When(kind.Pod).Watch(nil), []string{"Watch(nil)"}},
		"nil callback of Reconcile": {capability.When(kind.Pod).Reconcile(nil), []string{"Reconcile(nil)"}},
		"zero selection":            {capability.Selection[*corev1.Pod]{}.InNamespace("a").Watch(onPod), []string{"the selection is a zero value"}},
		"zero kind":                 {capability.When(kind.Kind[*corev1.Pod]{}).Watch(onPod), []string{"the kind is a zero value"}},
		"wrong kind":                {capability.When(kind.Pod.Plural("podz")).Watch(onPod), []string{`the plural of the built-in kind Pod is "pods"`}},
		"queue of Watch":            {capability.When(kind.Pod).Queue(capability.Global).Watch(onPod), []string{"Queue does not fit Watch"}},
		"order of Watch":            {capability.When(kind.Pod).InOrder().Watch(onPod), []string{"InOrder does not fit Watch"}},
		"namespace of a node":       {nodesWith(func(s nodes) nodes { return s.InNamespace("a") }), []string{"InNamespace does not fit Node"}},
		"namespaces of a node": {
			nodesWith(func(s nodes) nodes { return s.InNamespaceRegex("a").WithField("metadata.namespace", "b").Wide() }),
			[]string{`WithField("metadata.namespace") does not fit Node`, "InNamespaceRegex does not fit Node", "Wide does not fit Node"},
		},
		"several": {
			capability.When(kind.Pod).WithName("A").Where(nil).InOrder().WithLabels("!k,k").Watch(nil),
			[]string{
				"Watch(nil)", "Where(nil)", "InOrder does not fit", `WithName("A"): no Pod can have this name`, `label "k"`,
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ms := mistakesOf(t, compile.Options{}, capability.New("test", tt.b))
			if len(ms) != len(tt.want) {
				t.Fatalf("got %d mistakes, want %d: %v", len(ms), len(tt.want), ms)
			}
			for i, want := range tt.want {
				if !strings.Contains(ms[i].Problem, want) {
					t.Errorf("got  %s\nwant %s", ms[i].Problem, want)
				}
			}
		})
	}
}

func nodesWith(in func(capability.Selection[*corev1.Node]) capability.Selection[*corev1.Node]) capability.Binding {
	return in(capability.When(kind.Node)).Watch(nothing)
}

func TestWrongCapabilities(t *testing.T) {
	good := capability.When(kind.Pod).Watch(onPod)
	in := func(ns ...string) capability.Binding {
		return capability.When(kind.Pod).InNamespace(ns...).Watch(onPod)
	}
	tests := map[string]struct {
		caps      []*capability.Capability
		namespace string
		want      []string
	}{
		"bad name":        {[]*capability.Capability{capability.New("My App", good)}, "", []string{`New("My App"): no valid name`}},
		"no bindings":     {[]*capability.Capability{capability.New("a")}, "", []string{"no bindings"}},
		"nil":             {[]*capability.Capability{capability.New("a", good), nil}, "", []string{"capability number 2 is nil"}},
		"nil binding":     {[]*capability.Capability{capability.New("a", good, nil)}, "", []string{"binding number 2 is nil or a zero value"}},
		"zero binding":    {[]*capability.Capability{capability.New("a", capability.Reconciler[*corev1.Pod]{})}, "", []string{"binding number 1 is nil or a zero value"}},
		"embedded nil":    {[]*capability.Capability{capability.New("a", struct{ capability.Binding }{})}, "", []string{"binding number 1 is nil or a zero value"}},
		"two of one name": {[]*capability.Capability{capability.New("a", good), capability.New("a", good)}, "", []string{"another capability has this name"}},
		"two bindings of one name": {
			[]*capability.Capability{capability.New("a", good, capability.When(kind.Node).Alias("pods").Watch(nothing))}, "",
			[]string{"another binding has this name"},
		},
		"an alias like a numbered name": {
			[]*capability.Capability{capability.New("a", good, capability.When(kind.Node).Alias("pods-2").Watch(nothing), good)}, "",
			[]string{"another binding has this name"},
		},
		"empty InNamespace":    {[]*capability.Capability{capability.New("a", good).InNamespace()}, "", []string{"InNamespace() without arguments"}},
		"bad NotInNamespace":   {[]*capability.Capability{capability.New("a", good).NotInNamespace("B")}, "", []string{`NotInNamespace("B"): no valid namespace`}},
		"InNamespace excludes": {[]*capability.Capability{capability.New("a", good).InNamespace("a").InNamespace("b")}, "", []string{"leave no namespace"}},
		"everything excluded":  {[]*capability.Capability{capability.New("a", good).InNamespace("x").NotInNamespace("x")}, "", []string{`NotInNamespace excludes "x"`}},
		"a binding outside":    {[]*capability.Capability{capability.New("a", in("x", "z")).InNamespace("x", "y")}, "", []string{`namespace "z" is outside its capability's namespaces "x", "y"`}},
		"a binding excluded":   {[]*capability.Capability{capability.New("a", in("x", "z")).NotInNamespace("x")}, "", []string{`namespace "x" is excluded by its capability's NotInNamespace`}},
		"an excluded Namespace": {
			[]*capability.Capability{capability.New("a", capability.When(kind.Namespace).WithName("x", "z").Watch(nothing)).NotInNamespace("x")}, "",
			[]string{`namespace "x" is excluded by its capability's NotInNamespace`},
		},
		"outside the program":   {[]*capability.Capability{capability.New("a", in("x"))}, "only", []string{`namespace "x" is outside the program's namespace "only"`}},
		"program and exclusion": {[]*capability.Capability{capability.New("a", good).NotInNamespace("only")}, "only", []string{`NotInNamespace excludes "only"`}},
		"program and capability": {
			[]*capability.Capability{capability.New("a", good, in("x")).InNamespace("x")}, "only",
			[]string{`the program is confined to namespace "only", and the capability to "x"`},
		},
		"expression and capability": {
			[]*capability.Capability{capability.New("a", capability.When(kind.Pod).InNamespaceRegex("^z").Watch(onPod)).InNamespace("x")}, "",
			[]string{`InNamespaceRegex matches none of the namespaces "x"`},
		},
		"the program's namespace": {[]*capability.Capability{capability.New("a", good)}, "No", []string{`the program's namespace "No" is no valid namespace`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ms := mistakesOf(t, compile.Options{Namespace: tt.namespace}, tt.caps...)
			if len(ms) != len(tt.want) {
				t.Fatalf("got %d mistakes, want %d: %v", len(ms), len(tt.want), ms)
			}
			for i, want := range tt.want {
				if !strings.Contains(ms[i].Error(), want) || ms[i].Remedy == "" {
					t.Errorf("got  %s\nwant %s", ms[i], want)
				}
			}
		})
	}
}

// The whole text: grouped by binding, one line each, the same each time.
func TestMistakesText(t *testing.T) {
	head, when := capability.When(kind.Pod).WithName("A").Concurrency(-1), thisLine()
	first, one := head.Watch(onPod), thisLine()
	second, two := capability.When(kind.Node).InNamespace("a").Alias("machines").Reconcile(nothing), thisLine()
	c, at := capability.New("My", first, second), thisLine()
	_, err := compile.Compile([]*capability.Capability{c}, compile.Options{})
	want := strings.Join([]string{
		`capability "My" (` + at + `): New("My"): no valid name: `,
		`capability "My", binding "pods" (` + one + `, When at ` + when + `): Concurrency(-1): nothing would ever run: give at least 1, or leave the step out for 16`,
		`capability "My", binding "pods" (` + one + `, When at ` + when + `): WithName("A"): no Pod can have this name: `,
		`capability "My", binding "machines" (` + two + `): InNamespace does not fit Node, which is cluster-scoped: leave it out`,
	}, "\n")
	got := strings.Split(err.Error(), "\n")
	for i, w := range strings.Split(want, "\n") {
		if i >= len(got) || !strings.HasPrefix(got[i], w) {
			t.Fatalf("line %d\n got %q\nwant %q", i+1, got, w)
		}
	}
	if len(got) != 4 {
		t.Errorf("got %d lines, want 4: %s", len(got), err)
	}
	var m capability.Mistake
	if !errors.As(err, &m) || m.Location != at {
		t.Errorf("errors.As finds %+v, want the first mistake", m)
	}
}

// Some kinds have names that others cannot have.
func TestNamesOfOtherKinds(t *testing.T) {
	c := one(t, capability.When(kind.ClusterRole).WithName("system:Node").Watch(nothing))
	if want := "metadata.name=system:Node"; c.Targets[0].Fields != want {
		t.Errorf("got %s, want %s", c.Targets[0].Fields, want)
	}
}

// A nil capability takes its steps without a panic.
func TestNilCapability(t *testing.T) {
	var c *capability.Capability
	if c.Description("x").InNamespace("a").NotInNamespace("b") != nil || c.Name() != "" {
		t.Error("got something of nothing")
	}
}
