package runtime

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// liveObject answers the live read.
type liveObject struct {
	uid   string // empty: there is none
	err   error
	reads int
}

func (o *liveObject) Lookup(context.Context, kind.Resource, string, string) (watcher.Meta, bool, error) {
	o.reads++
	return watcher.Meta{UID: o.uid}, o.uid != "", o.err
}

func (o *liveObject) Read(context.Context, kind.Resource, string, string, watcher.ReaderOptions) (*watcher.Frame, bool, error) {
	return nil, false, errors.New("only the metadata is needed")
}

// settling is a binding that takes some types and records those it is called with.
func settling(o *liveObject, result error, takes ...queue.EventType) (*binding, *[]queue.EventType) {
	told := &[]queue.EventType{}
	return &binding{server: o, Compiled: &capability.Compiled{
		Takes: func(t capability.EventType, _ bool) bool { return slices.Contains(takes, t) },
		Invoke: func(_ context.Context, d capability.Delivery) error {
			*told = append(*told, d.Type)
			return result
		},
	}}, told
}

func ambiguousCall() queue.Call[*work] {
	return queue.Call[*work]{Key: queue.Key{Namespace: "a", Name: "o"}, UID: "1", Type: queue.Deleted, Payload: &work{ambiguous: true}}
}

// What the server calls deleted may have left its selection only: a look decides, and a binding is not called
// for the one that it did not ask for.
func TestLeftAgainstDeleted(t *testing.T) {
	for name, c := range map[string]struct {
		uid   string
		takes []queue.EventType
		want  []queue.EventType
	}{
		"exists, takes both":           {"1", []queue.EventType{queue.Left, queue.Deleted}, []queue.EventType{queue.Left}},
		"exists, takes left":           {"1", []queue.EventType{queue.Left}, []queue.EventType{queue.Left}},
		"exists, takes deleted":        {"1", []queue.EventType{queue.Deleted}, nil},
		"not found, takes both":        {"", []queue.EventType{queue.Left, queue.Deleted}, []queue.EventType{queue.Deleted}},
		"not found, takes left":        {"", []queue.EventType{queue.Left}, nil},
		"not found, takes deleted":     {"", []queue.EventType{queue.Deleted}, []queue.EventType{queue.Deleted}},
		"another object, takes left":   {"2", []queue.EventType{queue.Left}, nil},
		"another object, takes delete": {"2", []queue.EventType{queue.Deleted}, []queue.EventType{queue.Deleted}},
	} {
		t.Run(name, func(t *testing.T) {
			b, told := settling(&liveObject{uid: c.uid}, nil, c.takes...)
			want := queue.Done
			if c.want == nil {
				want = queue.Drop
			}
			if got := b.call(t.Context(), ambiguousCall()); got.Outcome != want || got.Err != nil {
				t.Errorf("the call ended with %v, want %s", got, want)
			}
			if !slices.Equal(*told, c.want) {
				t.Errorf("called with %v, want %v", *told, c.want)
			}
		})
	}
}

// A retry keeps its type, also when the object has gone since.
func TestLookIsNotRepeated(t *testing.T) {
	o := &liveObject{uid: "1"}
	b, told := settling(o, errors.New("failed"), queue.Left, queue.Deleted)
	c := ambiguousCall()
	b.call(t.Context(), c)
	o.uid = ""
	b.call(t.Context(), c)
	if want := []queue.EventType{queue.Left, queue.Left}; !slices.Equal(*told, want) || o.reads != 1 {
		t.Errorf("called with %v after %d reads, want %v after one", *told, o.reads, want)
	}
}

// Where nobody can look, the object waits and nobody is called.
func TestLookFails(t *testing.T) {
	o := &liveObject{err: errors.New("forbidden")}
	b, told := settling(o, nil, queue.Deleted)
	if got := b.call(t.Context(), ambiguousCall()); got.Outcome != queue.Postpone || got.After != postponeMin || !errors.Is(got.Err, errLookup) || len(*told) > 0 {
		t.Errorf("the call ended with %v, called with %v", got, *told)
	}
}
