package model

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"pgregory.net/rapid"

	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

// world is the server, the network, and the program, with what the model knows of them.
type world struct {
	server *fake.Server
	client dynamic.Interface
	specs  []*spec
	jitter float64
	p      *program
	faults []*fake.Active
	dead   []*fake.Active // connections
	steps  int

	mu    sync.Mutex // held while the server is written to, so that no callback knows more than the model
	truth *truth
	rv    uint64 // the latest that was seen
	n     int    // stamps
	calls int
	log   []string
	bad   []string
}

// namespaces and names of the objects.
var (
	inNamespaces = []string{"a", "b"}
	names        = []string{"x", "y", "z"}
)

func newWorld(t *rapid.T) *world {
	w := &world{server: fake.New(fake.WithResources(gadget)), truth: newTruth(), jitter: rapid.SampledFrom([]float64{0, 0.5, 0.99}).Draw(t, "jitter")}
	for i := range rapid.IntRange(1, 6).Draw(t, "bindings") {
		w.specs = append(w.specs, someSpec(t, i))
	}
	var err error
	if w.client, err = dynamic.NewForConfig(w.server.Direct()); err != nil {
		t.Fatal(err)
	}
	for _, name := range inNamespaces {
		ns := &unstructured.Unstructured{}
		ns.SetAPIVersion("v1")
		ns.SetKind("Namespace")
		ns.SetName(name)
		if _, err := w.client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}).Create(context.Background(), ns, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// logf keeps what happened, for when something goes wrong. mu is held.
func (w *world) logf(format string, a ...any) {
	if len(w.log) >= 400 {
		w.log = append(w.log[:0], w.log[200:]...)
	}
	w.log = append(w.log, fmt.Sprintf(format, a...))
}

// wrongf notes that a call is not as promised. mu is held.
func (w *world) wrongf(b *bound, c *call, format string, a ...any) {
	w.bad = append(w.bad, fmt.Sprintf("%s: %s: %s", b.spec, c, fmt.Sprintf(format, a...)))
	w.logf("WRONG: %s", w.bad[len(w.bad)-1])
}

// report fails the test if something was wrong.
func (w *world) report(fail failing) {
	fail.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.bad) > 0 {
		bad := w.bad
		w.bad = nil
		fail.Fatalf("%s\nbindings:\n%s\nwhat happened:\n%s", strings.Join(bad, "\n"), w.describe(), strings.Join(w.log, "\n"))
	}
}

func (w *world) describe() string {
	var out []string
	for _, s := range w.specs {
		out = append(out, "  "+s.String())
	}
	return strings.Join(out, "\n")
}

// settle waits until nothing happens without time.
func (w *world) settle() { synctest.Wait() }

// let lets go of all callbacks that hang.
func (w *world) let() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, b := range w.p.bindings {
		b.release()
	}
}

// pick draws a place.
func pick(t *rapid.T) place {
	return place{
		resource:  rapid.IntRange(0, resources-1).Draw(t, "resource"),
		namespace: rapid.SampledFrom(inNamespaces).Draw(t, "namespace"),
		name:      rapid.SampledFrom(names).Draw(t, "name"),
	}
}

// change does one thing to the object of a place, and creates it where there is none.
func (w *world) change(t *rapid.T, p place) {
	what := rapid.SampledFrom([]string{"update", "update", "relabel", "relabel", "annotate", "delete", "again"}).Draw(t, "what")
	app := rapid.SampledFrom([]string{absent, "v", "u"}).Draw(t, label)
	noted := rapid.SampledFrom([]string{absent, "p"}).Draw(t, note)
	w.mu.Lock()
	defer w.mu.Unlock()
	l := w.truth.there[p]
	switch {
	case l == nil:
		w.create(t, p, app, noted)
	case what == "delete" || what == "again":
		w.remove(t, p)
		if what == "again" {
			w.create(t, p, app, noted)
		}
	default:
		w.update(t, p, what, app, noted)
	}
}

func (w *world) resource(p place) dynamic.ResourceInterface {
	return w.client.Resource(gvrs[p.resource]).Namespace(p.namespace)
}

func (w *world) create(fail failing, p place, app, noted string) {
	o := &unstructured.Unstructured{Object: map[string]any{}}
	o.SetGroupVersionKind(gvks[p.resource])
	o.SetNamespace(p.namespace)
	o.SetName(p.name)
	w.dress(o, app, noted)
	w.fill(o)
	made, err := w.resource(p).Create(context.Background(), o, metav1.CreateOptions{})
	if err != nil {
		fail.Fatalf("create %s: %v", p, err)
	}
	w.noted(p, made, "create")
}

func (w *world) update(fail failing, p place, what, app, noted string) {
	o, err := w.resource(p).Get(context.Background(), p.name, metav1.GetOptions{})
	if err != nil {
		fail.Fatalf("get %s: %v", p, err)
	}
	st := w.truth.there[p].now()
	switch what {
	case "relabel":
		w.dress(o, app, st.note)
	case "annotate":
		w.dress(o, st.app, noted)
	default:
		w.dress(o, st.app, st.note)
		w.fill(o)
	}
	made, err := w.resource(p).Update(context.Background(), o, metav1.UpdateOptions{})
	if err != nil {
		fail.Fatalf("update %s: %v", p, err)
	}
	w.noted(p, made, what)
}

func (w *world) remove(fail failing, p place) {
	if err := w.resource(p).Delete(context.Background(), p.name, metav1.DeleteOptions{}); err != nil {
		fail.Fatalf("delete %s: %v", p, err)
	}
	w.logf("%s delete %s", time.Now().Format(clock), p)
	w.truth.end(p)
}

func (w *world) noted(p place, o *unstructured.Unstructured, how string) {
	w.truth.note(p, o)
	w.rv = max(w.rv, version(o.GetResourceVersion()))
	st := w.truth.there[p].now()
	w.logf("%s %s %s: %s at %d app=%s note=%s", time.Now().Format(clock), how, p, o.GetUID()[:4], st.rv, st.app, st.note)
}

// dress sets the metadata that selections look at.
func (w *world) dress(o *unstructured.Unstructured, app, noted string) {
	w.n++
	notes := map[string]string{stamp: fmt.Sprint(w.n)}
	if noted != absent {
		notes[note] = noted
	}
	o.SetAnnotations(notes)
	o.SetLabels(nil)
	if app != absent {
		o.SetLabels(map[string]string{label: app})
	}
}

// fill sets the content.
func (w *world) fill(o *unstructured.Unstructured) {
	field := "data"
	if o.GetKind() != gvks[configMaps].Kind {
		field = "spec"
	}
	o.Object[field] = map[string]any{stamp: fmt.Sprint(w.n)}
}

// lived are the places where something is, in order.
func (w *world) lived() []place {
	var out []place
	for p := range w.truth.there {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b place) int { return strings.Compare(a.String(), b.String()) })
	return out
}
