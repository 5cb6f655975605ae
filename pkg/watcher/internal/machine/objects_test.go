package machine

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/index"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

func labelled(target *apiclient.Target, _ *Options, _ *recorder) { target.Labels = "app=x" }

func TestRule46DeletedIsNoProof(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"), pod("b", "6"))
		b.event("DELETED", pod("a", "9"))
		r.expect("gone a@uid-a:5 ambiguous")
		b.event("ADDED", pod("a", "10")) // it came back: the same object
		r.expect("upsert a@uid-a:10 new")
		b.event("ERROR", status(410, "Expired"))
		b = r.snapshot().ok()
		b.event("ADDED", pod("a@other", "12"))
		b.initialEnd("12")
		// Another object has its name, so a is gone; b may only have left.
		r.expect("gone a@uid-a:10 relist partial", "upsert a@other:12 new relist", "gone b@uid-b:6 relist ambiguous partial", "synced 12 true")
	}, labelled)
}

func TestRule46NameOnlyIsProof(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"))
		b.event("DELETED", pod("a", "9"))
		r.expect("gone a@uid-a:5")
	}, func(target *apiclient.Target, _ *Options, _ *recorder) { target.Fields = "metadata.name=a" })
}

func TestRule47DeletedMovesOn(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"))
		b.event("DELETED", pod("a", "9"))
		b.cut()
		r.watch("9").ok()
	})
}

func TestRule48Undecodable(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"))
		b.event("MODIFIED", `{"metadata":{"name":"a","namespace":"ns","labels":"no map","resourceVersion":"8"}}`)
		b.event("ADDED", pod("b", "9"))
		r.expect("upsert b@uid-b:9 new")
		if got := r.obs.get("skipped undecodable"); got != 1 {
			t.Errorf("counted %d", got)
		}
		r.is(report.Streaming, "")
	})
}

// What cannot be read is there: a snapshot that holds it must not tell that it is gone.
func TestRule48UndecodableInASnapshot(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"), pod("b", "6"))
		b.event("ERROR", status(410, "Expired"))
		b = r.snapshot().ok()
		b.event("ADDED", `{"metadata":{"name":"a","namespace":"ns","labels":"no map","resourceVersion":"8"}}`)
		b.initialEnd("9")
		r.expect("gone b@uid-b:6 relist partial", "synced 9 true")
		b.event("ERROR", status(410, "Expired"))
		b = r.snapshot().ok()
		b.event("ADDED", `{"metadata":5}`) // it may be any
		b.initialEnd("10")
		r.expect("synced 10 true")
	})
}

func TestRule49UnknownTypeAndNoMetadata(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7")
		b.event("FUTURE", pod("a", "8"))
		b.event("ADDED", `{"metadata":{"resourceVersion":"9"}}`)
		b.bookmark("")
		r.expect()
		for _, why := range []report.Reason{report.ReasonUnknownType, report.ReasonUndecodable} {
			if got := r.obs.get("skipped " + string(why)); got != 1 {
				t.Errorf("%s counted %d", why, got)
			}
		}
		b.cut()
		r.watch("7").ok()
	})
}

func TestRule50StoreReadError(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"))
		b.event("ERROR", status(500, "StorageReadError"))
		took := after(func() { b = r.snapshot().ok() })
		if took == 0 {
			t.Error("no backoff")
		}
		b.event("ADDED", pod("a", "5"))
		b.initialEnd("9")
		r.expect("synced 9 true")
	})
}

func TestRule52NamespaceGoesAway(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"))
		b.event("DELETED", pod("a", "9"))
		r.none(7 * time.Minute) // silence is all that follows
		r.is(report.Streaming, "")
		r.expect("gone a@uid-a:5")
		b.event("ADDED", pod("a@again", "20"))
		r.expect("upsert a@again:20 new")
	})
}

func TestRule53Table(t *testing.T) {
	run(t, func(r *rig) {
		r.snapshot().respond(200, "application/json;as=Table;v=v1;g=meta.k8s.io").end()
		if s := r.is(report.Blocked, report.ReasonBadAnswer); !strings.Contains(s.Message, "Table") {
			t.Errorf("message %q", s.Message)
		}
		r.snapshot().ok().initialEnd("7")
		r.is(report.Streaming, "")
	})
}

// A login page of a proxy.
func TestRule53WebPage(t *testing.T) {
	run(t, func(r *rig) {
		r.synced("7", pod("a", "5")).end()
		for range 10 {
			b := r.watch("7").respond(200, "text/html")
			b.write("<html>")
			b.end()
		}
		r.is(report.Blocked, report.ReasonBadAnswer)
		r.watch("7").ok()
		r.lasts(report.Blocked, report.ReasonBadAnswer)
		r.expect()
	})
}

// The order of states is the wire's, whatever the objects' clocks say, so no time of an object is looked at.
func TestRule54NoClockOfObjects(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7")
		for i, year := range []string{"2999", "1970"} {
			rv := string(rune('8' + i))
			b.event("MODIFIED", `{"metadata":{"namespace":"ns","name":"a","uid":"u","creationTimestamp":"`+year+`-01-01T00:00:00Z","resourceVersion":"`+rv+`"}}`)
		}
		r.expect("upsert a@u:8 new", "upsert a@u:9")
	})
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		source, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(strings.ToLower(string(source)), "creationtimestamp") {
			t.Errorf("%s looks at creationTimestamp", f.Name())
		}
	}
}

func TestRule55JoiningARunningStream(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"), pod("b", "6"))
		b.event("DELETED", pod("b", "8"))
		r.told()
		var known []string
		if err := r.Do(func() {
			for e := range r.Index().All() {
				known = append(known, e.Namespace()+"/"+e.Name()+"@"+e.UID()+":"+e.RV())
			}
		}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(known, " "); got != "ns/a@uid-a:5" {
			t.Errorf("known: %s", got)
		}
		r.none(time.Minute) // no request
		r.expect()          // nothing for those who were there
	})
}

func TestRule56NoVersionAtAll(t *testing.T) {
	run(t, func(r *rig) {
		b := r.snapshot().ok()
		b.event("ADDED", pod("a@", ""))
		b.initialEnd("")
		r.list("500", "").ok().page("", "", pod("a@", ""), pod("b@", ""))
		r.expect("upsert a@: new initial", "upsert b@: new initial", "synced  false")
		r.is(report.Polling, report.ReasonNoVersion)
		changed := `{"metadata":{"namespace":"ns","name":"b","uid":""},"usage":1}`
		r.list("500", "").ok().page("", "", changed)
		r.expect("upsert b@: relist", "gone a@: relist partial", "synced  true")
		r.list("500", "").ok().page("", "", changed)
		r.expect("synced  true")
	})
}

// The seed is what another stream delivered: only the difference is told.
func TestSeed(t *testing.T) {
	run(t, func(r *rig) {
		b := r.snapshot().ok()
		b.event("ADDED", pod("a", "5"))
		b.event("ADDED", pod("c", "8"))
		b.initialEnd("9")
		r.expect("upsert c@uid-c:8 new relist", "gone b@uid-b:6 relist partial", "synced 9 true")
		if err := r.Do(func() {
			if e, ok := r.Index().Get("ns", "a"); !ok || len(e.Words()) != 1 || e.Words()[0] != 42 {
				t.Error("the seed's words are lost")
			}
		}); err != nil {
			t.Error(err)
		}
	}, func(_ *apiclient.Target, o *Options, _ *recorder) {
		o.Seed = index.NewIndex(1)
		o.Seed.Put("ns", "a", "uid-a", "5").Words()[0] = 42
		o.Seed.Put("ns", "b", "uid-b", "6")
	})
}

// An event of a type that is not known shows no object, so the snapshot is whole without it.
func TestRule49UnknownTypeInASnapshot(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"))
		b.event("ERROR", status(410, "Expired"))
		b = r.snapshot().ok()
		b.event("FUTURE", `{}`)
		b.initialEnd("9")
		r.expect("gone a@uid-a:5 relist partial", "synced 9 true")
	})
}

func TestRule45Warnings(t *testing.T) {
	var warned []string
	runOn(t, []apiclient.ServerOption{apiclient.WithWarnings(func(text string) { warned = append(warned, text) })}, func(r *rig) {
		warning := []string{"Warning", `299 - "v1 Thing is deprecated"`}
		b := r.snapshot().respond(200, "application/json", warning...)
		b.initialEnd("7")
		b.end()
		for range 3 {
			r.watch("7").respond(200, "application/json", warning...).cut()
		}
		r.watch("7").ok()
	})
	if len(warned) != 1 || warned[0] != "v1 Thing is deprecated" {
		t.Errorf("warned %q", warned)
	}
}
