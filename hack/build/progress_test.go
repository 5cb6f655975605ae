package main

import (
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestProgressCountsPackages(t *testing.T) {
	var log strings.Builder
	start := time.Now()
	p := newProgress(&log, "server", 7, start)
	for _, part := range []string{"example.com/a\nexample", ".com/b\n", "# example.com/c\nc.go:1: wrong thing\n", "internal/d\nlast words"} {
		if n, err := p.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	p.report(start.Add(90 * time.Second))
	if got, want := log.String(), "server: 3 packages compiled (of 7 at most), 1m30s\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := p.errors(), "# example.com/c\nc.go:1: wrong thing\nlast words"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestProgressTicksUntilStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		p := newProgress(&log, "server", 7, time.Now())
		stop := p.tick(10 * time.Second)
		time.Sleep(35 * time.Second) // virtual
		stop()
		time.Sleep(time.Minute)
		if got := strings.Count(log.String(), "\n"); got != 3 {
			t.Errorf("got %d reports in 35s, want 3: %q", got, log.String())
		}
		if !strings.Contains(log.String(), "30s") {
			t.Errorf("got %q, want the time that has passed", log.String())
		}
	})
}

func TestOneBuildAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".lock")
	unlock, err := lock(path, func() { t.Error("waited for nobody") })
	if err != nil {
		t.Fatal(err)
	}
	waiting, done := make(chan struct{}), make(chan error, 1)
	var released atomic.Bool
	go func() {
		second, err := lock(path, func() { close(waiting) })
		if err != nil {
			done <- err
			return
		}
		if !released.Load() {
			err = errors.New("two hold the lock")
		}
		second()
		done <- err
	}()
	<-waiting
	released.Store(true)
	unlock()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if _, err := lock(filepath.Join(t.TempDir(), "no", "folder"), func() {}); err == nil {
		t.Error("want an error where there can be no lock")
	}
}
