package model

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
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
	seen  counts
	// cleaned are objects and finalizers whose clean-up has succeeded.
	cleaned map[cleanUp]bool
	// writes are what happens to the next writes of the program.
	writes []hindrance
	log    []string
	bad    []string
}

// namespaces and names of the objects.
var (
	inNamespaces = []string{"a", "b"}
	names        = []string{"x", "y", "z"}
)

func newWorld(t *rapid.T) *world {
	w := &world{server: fake.New(fake.WithResources(gadget)), truth: newTruth(), cleaned: map[cleanUp]bool{}, jitter: rapid.SampledFrom([]float64{0, 0.5, 0.99}).Draw(t, "jitter")}
	for i := range rapid.IntRange(1, 6).Draw(t, "bindings") {
		w.specs = append(w.specs, someSpec(t, i))
	}
	w.truth.specs = w.specs
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
	what := rapid.SampledFrom([]string{
		"update", "update", "relabel", "relabel", "annotate", "rewire", "rewire", "delete", "again", protect, unprotect, rob,
	}).Draw(t, "what")
	to := someLooks(t)
	w.mu.Lock()
	defer w.mu.Unlock()
	l := w.truth.there[p]
	switch {
	case l == nil:
		w.create(t, p, to)
	case what == "delete" || what == "again":
		w.remove(t, p)
		if what == "again" && w.truth.there[p] == nil {
			w.create(t, p, to)
		}
	default:
		w.update(t, p, what, to)
	}
}

func (w *world) resource(p place) dynamic.ResourceInterface {
	return w.client.Resource(gvrs[p.resource]).Namespace(p.namespace)
}

func (w *world) create(fail failing, p place, to looks) {
	o := &unstructured.Unstructured{Object: map[string]any{}}
	o.SetGroupVersionKind(gvks[p.resource])
	o.SetNamespace(p.namespace)
	o.SetName(p.name)
	w.dress(o, to)
	w.fill(o)
	made, err := w.resource(p).Create(context.Background(), o, metav1.CreateOptions{})
	if err != nil {
		fail.Fatalf("create %s: %v", p, err)
	}
	w.noted(p, made, "create "+to.String())
}

func (w *world) update(fail failing, p place, what string, to looks) {
	o, err := w.resource(p).Get(context.Background(), p.name, metav1.GetOptions{})
	if err != nil {
		fail.Fatalf("get %s: %v", p, err)
	}
	st := w.truth.there[p].now()
	now := looks{app: st.app, note: st.note, ref: st.ref, owner: st.owner}
	switch what {
	case "relabel":
		now.app = to.app
	case "annotate":
		now.note = to.note
	case "rewire":
		now.ref, now.owner = to.ref, to.owner
	case protect, unprotect, rob:
		w.refinalize(o, what)
	}
	w.dress(o, now)
	if what == "update" {
		w.fill(o)
	}
	if _, err = w.resource(p).Update(context.Background(), o, metav1.UpdateOptions{}); err != nil {
		fail.Fatalf("update %s: %v", p, err)
	}
	w.look(fail, p, what+" "+now.String())
}

func (w *world) remove(fail failing, p place) {
	if err := w.resource(p).Delete(context.Background(), p.name, metav1.DeleteOptions{}); err != nil {
		fail.Fatalf("delete %s: %v", p, err)
	}
	w.look(fail, p, "delete")
}

// look keeps what has become of an object after a write.
func (w *world) look(fail failing, p place, how string) {
	o, err := w.resource(p).Get(context.Background(), p.name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		w.logf("%s %s %s: gone", time.Now().Format(clock), how, p)
		w.truth.end(p)
	case err != nil:
		fail.Fatalf("get %s: %v", p, err)
	default:
		w.noted(p, o, how)
	}
}

func (w *world) noted(p place, o *unstructured.Unstructured, how string) {
	w.truth.note(p, o)
	w.rv = max(w.rv, version(o.GetResourceVersion()))
	st := w.truth.there[p].now()
	w.logf("%s %s %s: %s at %d app=%s note=%s finalizers %v deleting %t", time.Now().Format(clock), how, p, o.GetUID()[:4], st.rv, st.app, st.note,
		st.finalizers, st.deleting)
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
