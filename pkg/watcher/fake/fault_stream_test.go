package fake_test

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

// followed is a stream of ConfigMaps with one object, a.
func followed(t *testing.T) (*fake.Server, *record) {
	t.Helper()
	s := fake.New()
	s.Put(t, kind.ConfigMap, fake.Named("a"))
	r, _ := follow(t, s, kind.ConfigMap)
	r.expect(t, "upsert a", "synced")
	return s, r
}

// meanwhile changes what there is: b comes, a changes.
func meanwhile(t *testing.T, s *fake.Server) {
	t.Helper()
	s.Put(t, kind.ConfigMap, fake.Named("b"))
	s.Put(t, kind.ConfigMap, fake.Named("a", "x", "y"))
}

// expectRelists checks why the stream read a snapshot again.
func (r *record) expectRelists(t *testing.T, want ...watcher.Reason) {
	t.Helper()
	if !slices.Equal(r.relists, want) {
		t.Errorf("listed again for %v, want %v", r.relists, want)
	}
}

// Whatever ends a stream's connection, it goes on where it was: each event is told once, and nothing is listed.
func TestStreamResumes(t *testing.T) {
	for name, broken := range map[string]func(t *testing.T, s *fake.Server){
		"cut": func(t *testing.T, s *fake.Server) { // 30
			if n := s.Cut(); n != 1 {
				t.Errorf("cut %d streams", n)
			}
			meanwhile(t, s)
		},
		"cut in a frame": func(t *testing.T, s *fake.Server) { // 23
			f := s.Fault(fake.CutInFrame(), fake.Times(2))
			meanwhile(t, s)
			time.Sleep(time.Minute)
			if f.Count() != 2 {
				t.Errorf("%d frames were cut", f.Count())
			}
		},
		"refused": func(t *testing.T, s *fake.Server) { // 31
			f := s.Fault(fake.Refuse())
			s.Cut()
			meanwhile(t, s)
			time.Sleep(10 * time.Minute)
			if f.Count() < 10 || f.Count() > 60 {
				t.Errorf("%d attempts in ten minutes", f.Count())
			}
			f.Stop()
		},
		"stalled for a while": func(t *testing.T, s *fake.Server) { // 29
			f := s.Fault(fake.Stall())
			meanwhile(t, s)
			time.Sleep(time.Minute)
			f.Stop()
		},
		"stalled for hours": func(t *testing.T, s *fake.Server) { // 29
			f := s.Fault(fake.Stall())
			meanwhile(t, s)
			time.Sleep(2 * time.Hour)
			if f.Count() < 10 {
				t.Errorf("%d requests in two hours: a dead connection was trusted", f.Count())
			}
			f.Stop()
		},
		"throttled": func(t *testing.T, s *fake.Server) { // 37
			s.Fault(fake.TooManyRequests(40 * time.Second))
			s.Cut()
			meanwhile(t, s)
			time.Sleep(5 * time.Minute)
			s.Heal()
		},
		"throttled inside": func(t *testing.T, s *fake.Server) { // 37
			s.Fault(fake.TooManyRequests(time.Second).InStream(), fake.Times(5))
			meanwhile(t, s)
			time.Sleep(5 * time.Minute)
		},
		"5xx": func(t *testing.T, s *fake.Server) { // 38
			s.Fault(fake.Status(http.StatusServiceUnavailable), fake.Times(3))
			s.Fault(fake.Status(http.StatusInternalServerError), fake.Times(3), fake.After(3))
			s.Fault(fake.ProxyError(http.StatusBadGateway), fake.Times(3), fake.After(6))
			s.Cut()
			meanwhile(t, s)
			time.Sleep(5 * time.Minute)
		},
		"401": func(t *testing.T, s *fake.Server) { // 39
			s.Fault(fake.Status(http.StatusUnauthorized), fake.Times(5))
			s.Cut()
			meanwhile(t, s)
			time.Sleep(5 * time.Minute)
		},
		"403": func(t *testing.T, s *fake.Server) { // 40
			s.Fault(fake.Status(http.StatusForbidden), fake.Times(5))
			s.Cut()
			meanwhile(t, s)
			time.Sleep(5 * time.Minute)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, r := followed(t)
				broken(t, s)
				time.Sleep(time.Minute)
				r.expect(t, "upsert b", "upsert a")
				r.expectRelists(t)
				s.Remove(t, kind.ConfigMap, "default", "b")
				r.expect(t, "gone b")
				if n := s.Cut(); n != 1 {
					t.Errorf("%d live streams", n) // 35
				}
			})
		})
	}
}

// 17, 18: what is lost with the history is made up for by a snapshot, whichever way the loss is told.
func TestStreamRelists(t *testing.T) {
	for name, refusal := range map[string]fake.Fault{
		"ERROR event": fake.Status(http.StatusGone).InStream(), "status": fake.Status(http.StatusGone),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, r := followed(t)
				away := s.Fault(fake.Refuse())
				s.Cut()
				s.Remove(t, kind.ConfigMap, "default", "a")
				s.Put(t, kind.ConfigMap, fake.Named("b"))
				f := s.Fault(refusal, fake.Times(1))
				away.Stop()
				time.Sleep(time.Minute)
				r.expect(t, "upsert b relist", "gone a relist", "synced")
				r.expectRelists(t, watcher.ReasonExpired)
				if f.Count() != 1 {
					t.Errorf("%d", f.Count())
				}
			})
		})
	}
}

// 10: the history is lost between two pages.
func TestStreamLosesItsPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New()
		for i := range 1200 {
			s.Put(t, kind.ConfigMap, fake.Named(string(rune('a'+i%26))+string(rune('a'+i/26%26))+string(rune('a'+i/676))))
		}
		s.Fault(fake.Status(http.StatusMethodNotAllowed), fake.Verbs("watch"), fake.Times(1)) // 4
		f := s.Fault(fake.Status(http.StatusGone), fake.Verbs("list"), fake.After(1), fake.Times(1))
		r, _ := follow(t, s, kind.ConfigMap)
		time.Sleep(time.Minute)
		synctest.Wait()
		if f.Count() != 1 || len(r.said) != 1201 || r.said[1200] != "synced" {
			t.Errorf("%d times, %d lines", f.Count(), len(r.said))
		}
	})
}

// What goes wrong with one kind does not concern another.
func TestStreamBeside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		secret := kind.Unstructured(schema.GroupVersionKind{Version: "v1", Kind: "Secret"})
		s, r := followed(t)
		s.Fault(fake.Refuse(), fake.For(secret))
		other, _ := follow(t, s, kind.Secret)
		s.Put(t, kind.Secret, fake.Named("c"))
		time.Sleep(time.Minute)
		meanwhile(t, s)
		r.expect(t, "upsert b", "upsert a")
		other.expect(t)
		s.Heal()
		time.Sleep(time.Minute)
		other.expect(t, "upsert c", "synced")
	})
}
