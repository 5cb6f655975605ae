package proxy

import (
	"io"
	"net"
	"runtime"
	"testing"
	"time"
)

// echo answers on every connection with what it gets.
func echo(t *testing.T) string {
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
				_, _ = io.Copy(c, c)
				_ = c.Close()
			}()
		}
	}()
	return l.Addr().String()
}

func started(t *testing.T) *Proxy {
	t.Helper()
	p, err := New(echo(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func dial(t *testing.T, p *Proxy) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr()) //nolint:noctx // on this machine
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func exchange(c net.Conn, text string) error {
	if _, err := io.WriteString(c, text); err != nil {
		return err
	}
	_, err := io.ReadFull(c, make([]byte, len(text)))
	return err
}

func TestCounts(t *testing.T) {
	p := started(t)
	if err := exchange(dial(t, p), "twelve bytes"); err != nil {
		t.Fatal(err)
	}
	if err := exchange(dial(t, p), "five."); err != nil {
		t.Fatal(err)
	}
	if p.Sent() != 17 || p.Received() != 17 || p.Opened() != 2 {
		t.Errorf("sent %d, received %d over %d connections, want 17, 17 and 2", p.Sent(), p.Received(), p.Opened())
	}
}

func TestCut(t *testing.T) {
	p := started(t)
	c := dial(t, p)
	if err := exchange(c, "before"); err != nil {
		t.Fatal(err)
	}
	p.Cut()
	if n := p.Cuts(); n != 1 {
		t.Errorf("%d cuts", n)
	}
	if n, err := c.Read(make([]byte, 1)); err == nil {
		t.Errorf("read %d bytes of a connection that was cut", n)
	}
	if err := exchange(dial(t, p), "meanwhile"); err == nil {
		t.Error("a new connection works while the line is cut")
	}
	received := p.Received()
	p.Restore()
	if err := exchange(dial(t, p), "after"); err != nil {
		t.Errorf("after Restore: %v", err)
	}
	if got := p.Received() - received; got != 5 {
		t.Errorf("%d bytes after the cut, want 5", got)
	}
}

func TestSendMovesNewConnections(t *testing.T) {
	p := started(t)
	old := dial(t, p)
	if err := exchange(old, "to the first"); err != nil {
		t.Fatal(err)
	}
	second, err := New(echo(t)) // counts what arrives
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = second.Close() })
	p.Send(second.Addr())
	if err := exchange(old, "still there"); err != nil {
		t.Errorf("an open connection after Send: %v", err)
	}
	if n := second.Opened(); n != 0 {
		t.Errorf("%d connections moved by themselves", n)
	}
	p.Drop()
	if n, err := old.Read(make([]byte, 1)); err == nil {
		t.Errorf("read %d bytes of a connection that was dropped", n)
	}
	if err := exchange(dial(t, p), "moved"); err != nil {
		t.Fatal(err)
	}
	if n := second.Sent(); n != 5 {
		t.Errorf("%d bytes reached the second server, want 5", n)
	}
}

func TestStallHoldsBytesBack(t *testing.T) {
	p := started(t)
	c := dial(t, p)
	if err := exchange(c, "before"); err != nil {
		t.Fatal(err)
	}
	p.Stall()
	p.Stall() // a second call changes nothing
	if _, err := io.WriteString(c, "held"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return p.Sent() == 10 }) // read, and not passed on
	if n := p.Received(); n != 6 {
		t.Errorf("the server has answered %d bytes, want the 6 of before", n)
	}
	p.Restore()
	if _, err := io.ReadFull(c, make([]byte, 4)); err != nil {
		t.Errorf("after Restore: %v", err)
	}
}

func TestStalledConnectionsEnd(t *testing.T) {
	for name, end := range map[string]func(*Proxy){"Drop": (*Proxy).Drop, "Cut": (*Proxy).Cut, "Close": func(p *Proxy) { _ = p.Close() }} {
		t.Run(name, func(t *testing.T) {
			p := started(t)
			c := dial(t, p)
			if err := exchange(c, "open"); err != nil {
				t.Fatal(err)
			}
			p.Stall()
			if _, err := io.WriteString(c, "held"); err != nil {
				t.Fatal(err)
			}
			waitFor(t, func() bool { return p.Sent() == 8 })
			end(p)
			if n, err := c.Read(make([]byte, 1)); err == nil {
				t.Errorf("read %d bytes of a connection that has ended", n)
			}
		})
	}
}

func TestDelay(t *testing.T) {
	p := started(t)
	c := dial(t, p)
	if err := exchange(c, "open"); err != nil {
		t.Fatal(err)
	}
	p.Delay(time.Hour)
	if _, err := io.WriteString(c, "late"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return p.Received() == 8 }) // the answer has come, and is held back
	p.Delay(0)
	if err := exchange(dial(t, p), "in time"); err != nil {
		t.Error(err)
	}
}

// waitFor waits for a count that nothing announces.
func waitFor(t *testing.T, holds func() bool) {
	t.Helper()
	for !holds() {
		runtime.Gosched()
	}
}

func TestCloseEndsConnections(t *testing.T) {
	p := started(t)
	c := dial(t, p)
	if err := exchange(c, "open"); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("the connection outlives the proxy")
	}
}
