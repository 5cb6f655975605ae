package examples

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	hello "github.com/ancho-dev/ancho/examples/01-hello"
	"github.com/ancho-dev/ancho/pkg/anchotest"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

// What the page on testing shows of faults: the program is none the worse for them.
func TestFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Members
		c := anchotest.Run(t, m.Capability)
		c.Create(webPod("a"))
		c.Settle()

		c.Cut()                   // all watches lose their connection, now
		c.Cut(fake.For(kind.Pod)) // those of Pods

		away := c.Fault(fake.Refuse()) // the server is away ...
		time.Sleep(time.Hour)
		away.Stop() // ... for an hour

		c.Fault(fake.Status(403), fake.For(kind.Secret), fake.Verbs("create"), fake.Times(2))
		c.Fault(fake.Status(410).InStream(), fake.Times(1)) // the history is lost

		c.Create(webPod("b"))
		time.Sleep(time.Minute)
		c.Settle()
		if m.Count() != 2 {
			t.Errorf("%d members, want 2", m.Count())
		}
	})
}

// What the page on testing shows of replaying: here the tape is made first.
func TestReplay(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("testdata", 0o700); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		tape, err := os.Create(filepath.Join("testdata", "monday.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		defer tape.Close()
		c := anchotest.Start(t, anchotest.Options{
			Capabilities: []capability.Func{hello.Capability},
			Configure:    func(o *runtime.Options) { o.Record = tape },
		})
		c.Create(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "greeting"}})
		time.Sleep(time.Hour)
		c.Settle()
		c.Stop()
	})
	synctest.Test(t, func(t *testing.T) {
		tape, err := os.Open("testdata/monday.jsonl")
		if err != nil {
			t.Fatal(err)
		}
		defer tape.Close()
		c := anchotest.Start(t, anchotest.Options{Capabilities: []capability.Func{hello.Capability}, Replay: tape})
		time.Sleep(time.Hour) // what the recorded hour brought
		c.Settle()
		calls := c.Calls("hello/configmaps")
		if len(calls) != 1 || calls[0].Type != capability.Added {
			t.Errorf("replayed: %+v", calls)
		}
	})
}
