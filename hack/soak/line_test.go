package main

import (
	"io"
	"net"
	"testing"
)

// echo answers with what it is sent, until the test ends.
func echo(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // on this machine
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	return l.Addr().String()
}

func connect(t *testing.T, l *line) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", l.address()) //nolint:noctx // on this machine
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// answers tells whether what is said comes back.
func answers(c net.Conn) bool {
	if _, err := c.Write([]byte("ping")); err != nil {
		return false
	}
	buf := make([]byte, 4)
	_, err := io.ReadFull(c, buf)
	return err == nil && string(buf) == "ping"
}

func TestLine(t *testing.T) {
	l, err := newLine(echo(t))
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	first := connect(t, l)
	if !answers(first) {
		t.Fatal("the line does not let anything through")
	}
	l.cut(false)
	if answers(first) {
		t.Error("a connection outlived the cut")
	}
	second := connect(t, l)
	if !answers(second) {
		t.Error("after a short cut new connections do not work")
	}
	l.cut(true)
	if answers(second) || answers(connect(t, l)) {
		t.Error("something comes through a line that is down")
	}
	l.restore()
	if !answers(connect(t, l)) {
		t.Error("nothing comes through a line that was restored")
	}
	if n := l.cuts.Load(); n != 2 {
		t.Errorf("%d cuts were counted, want 2", n)
	}
}

func TestLineToNowhere(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // on this machine
	if err != nil {
		t.Fatal(err)
	}
	_ = gone.Close()
	l, err := newLine(gone.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	if answers(connect(t, l)) {
		t.Error("nobody is there, and somebody answers")
	}
}
