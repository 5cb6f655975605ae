package machine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

func TestMailbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newMailbox(10)
		ctx, cancel := context.WithCancel(t.Context())
		f := &wire.Frame{Raw: make([]byte, 8)}
		if !b.put(ctx, 10, item{frame: f}, item{frame: f}) {
			t.Fatal("no room in an empty box")
		}
		came := time.Now()
		time.Sleep(time.Second)
		second := make(chan bool)
		go func() { second <- b.put(ctx, 10, item{frame: f}) }()
		synctest.Wait() // it waits for room
		taken, at := b.take(nil)
		if !<-second || len(taken) != 2 || !at.Equal(came) {
			t.Errorf("taken %d, of %v", len(taken), at)
		}
		if !b.put(ctx, 0, item{end: &ending{}}) {
			t.Error("an end is always taken")
		}
		taken, _ = b.take(taken)
		if len(taken) != 2 || taken[1].end == nil {
			t.Errorf("taken %+v", taken)
		}
		b.put(ctx, 10, item{frame: f})
		go func() { second <- b.put(ctx, 10, item{frame: f}) }()
		synctest.Wait()
		cancel()
		if <-second {
			t.Error("put after the end of its context")
		}
	})
}

// What one read brought is handed over before the next read, or when it is much, and not one by one.
func TestOutbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newMailbox(1 << 20)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		out := &outbox{ctx: ctx, box: b}
		body := flushing{io.NopCloser(bytes.NewReader(make([]byte, 10))), out}
		small, large := &wire.Frame{Raw: make([]byte, 10)}, &wire.Frame{Raw: make([]byte, handOver)}
		for range 3 {
			out.add(item{frame: small})
		}
		if len(b.items) != 0 {
			t.Error("items were handed over one by one")
		}
		if n, err := body.Read(make([]byte, 4)); n != 4 || err != nil || len(b.items) != 3 || b.bytes != 3*(10+frameOverhead) {
			t.Errorf("%d, %v; %d items, %d bytes", n, err, len(b.items), b.bytes)
		}
		out.add(item{frame: small})
		out.add(item{frame: large})
		if len(b.items) != 5 || len(out.items) != 0 {
			t.Errorf("%d items were handed over, %d were not", len(b.items), len(out.items))
		}
		b.limit = 1
		cancel()
		if out.add(item{frame: large}) {
			t.Error("there was room")
		}
		out.add(item{bad: &wire.BadFrameError{}})
		if _, err := body.Read(make([]byte, 4)); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestSlicesOfItemsAreReused(t *testing.T) {
	used := []item{{open: true}, {frame: &wire.Frame{}}}
	if got := reusable(used); len(got) != 0 || cap(got) != 2 || used[0].open || used[1].frame != nil {
		t.Errorf("%+v", used)
	}
	if reusable(make([]item, keepItems+1)) != nil {
		t.Error("a long slice is kept")
	}
}
