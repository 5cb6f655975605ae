package fake_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

var gadget = kind.Unstructured(schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Gadget"})

// record is what a stream tells. The stream calls it while the test waits for the stream to have nothing to do.
type record struct {
	watcher.NoObserver
	said    []string
	relists []watcher.Reason
	skipped []watcher.Reason
	phase   watcher.State
}

func (r *record) Handle(d watcher.Delta) {
	line := d.Kind.String() + " " + d.Entry.Name()
	if d.Relist {
		line += " relist"
	}
	r.said = append(r.said, line)
}

func (r *record) Synced(string, bool)           { r.said = append(r.said, "synced") }
func (r *record) StateChanged(s watcher.State)  { r.phase = s }
func (r *record) Relist(reason watcher.Reason)  { r.relists = append(r.relists, reason) }
func (r *record) Skipped(reason watcher.Reason) { r.skipped = append(r.skipped, reason) }

func (r *record) expect(t *testing.T, w ...string) {
	t.Helper()
	synctest.Wait()
	if !slices.Equal(r.said, w) {
		t.Errorf("told %q, want %q", r.said, w)
	}
	r.said = nil
}

// cable is a transport that can be pulled out.
type cable struct {
	http.RoundTripper
	mu     sync.Mutex
	pulled context.Context
	pull   context.CancelFunc
}

var errPulled = errors.New("the cable was pulled")

func (c *cable) plug() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pulled, c.pull = context.WithCancel(context.Background())
}

func (c *cable) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	pulled := c.pulled
	c.mu.Unlock()
	if pulled.Err() != nil {
		return nil, errPulled
	}
	ctx, cancel := context.WithCancel(r.Context())
	context.AfterFunc(pulled, cancel) //nolint:contextcheck // two contexts end a request, and this is the other
	return c.RoundTripper.RoundTrip(r.WithContext(ctx))
}

// follow runs a stream of a resource on a server until the test ends.
func follow(t *testing.T, s *fake.Server, k kind.Any) (*record, *cable) {
	t.Helper()
	return followWith(t, s, k, watcher.StreamOptions{})
}

func followWith(t *testing.T, s *fake.Server, k kind.Any, o watcher.StreamOptions) (*record, *cable) {
	t.Helper()
	config := s.Config()
	c := &cable{RoundTripper: config.Transport}
	c.plug()
	config.Transport = c
	server, err := watcher.NewServer(config)
	if err != nil {
		t.Fatal(err)
	}
	r := &record{}
	ctx, cancel := context.WithCancel(t.Context())
	o.Observer = r
	stream := watcher.NewStream(server, watcher.Target{Resource: k.Resource()}, r, o)
	done := make(chan struct{})
	go func() {
		defer close(done)
		stream.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		c.pull()
	})
	return r, c
}

// The stream of this project follows the server through creations, changes, deletions, the ends of watches, lost
// connections and lost history, for each way that objects are sent.
func TestStream(t *testing.T) {
	for name, k := range map[string]kind.Any{
		"protobuf": kind.ConfigMap, "JSON": gadget, "metadata": kind.Metadata(kind.ConfigMap), "metadata of a custom resource": kind.Metadata(gadget),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(fake.WithResources(gadget))
				s.Put(t, k, fake.Named("a"))
				r, c := follow(t, s, k)
				r.expect(t, "upsert a", "synced")
				s.Put(t, k, fake.Named("b"))
				s.Put(t, k, fake.Named("a", "x", "y"))
				s.Remove(t, k, "default", "b")
				r.expect(t, "upsert b", "upsert a", "gone b")

				time.Sleep(time.Hour) // some watches long
				s.Compact()           // which bookmarks have passed
				time.Sleep(time.Hour)
				s.Put(t, k, fake.Named("c"))
				r.expect(t, "upsert c")
				if len(r.relists) != 0 {
					t.Errorf("listed again: %v", r.relists)
				}

				c.pull()
				synctest.Wait()
				s.Put(t, k, fake.Named("d"))
				s.Remove(t, k, "default", "c")
				c.plug()
				time.Sleep(time.Minute)
				r.expect(t, "upsert d", "gone c") // from the history

				c.pull()
				synctest.Wait()
				s.Put(t, k, fake.Named("e"))
				s.Remove(t, k, "default", "d")
				s.Compact()
				c.plug()
				time.Sleep(time.Minute)
				r.expect(t, "upsert e relist", "gone d relist", "synced")
				if !slices.Equal(r.relists, []watcher.Reason{watcher.ReasonExpired}) {
					t.Errorf("listed again: %v", r.relists)
				}
			})
		})
	}
}

// 41: a custom resource goes, and comes again.
func TestStreamOfAResourceThatGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(fake.WithResources(gadget))
		s.Put(t, gadget, fake.Named("a"))
		r, _ := follow(t, s, gadget)
		r.expect(t, "upsert a", "synced")
		s.Unregister(gadget)
		r.expect(t, "gone a")
		time.Sleep(time.Minute)
		s.Register(gadget)
		s.Put(t, gadget, fake.Named("b"))
		time.Sleep(time.Minute)
		synctest.Wait()
		if !slices.Contains(r.said, "upsert b") && !slices.Contains(r.said, "upsert b relist") {
			t.Errorf("%q", r.said)
		}
	})
}
