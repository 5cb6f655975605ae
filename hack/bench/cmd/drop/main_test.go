package main

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestDrop(t *testing.T) {
	text := strings.Repeat("objects ", 20_000) + endOfObjects
	for name, from := range map[string]io.Reader{
		"as it comes":   strings.NewReader(text),
		"byte by byte":  iotest.OneByteReader(strings.NewReader(text)),
		"half and half": iotest.HalfReader(strings.NewReader(text)),
		"at once":       strings.NewReader(endOfObjects),
	} {
		n, err := drop(from)
		if err != nil || n != int64(len(text)) && name != "at once" {
			t.Errorf("%s: read %d bytes of %d, %v", name, n, len(text), err)
		}
	}
}

func TestDropOfHalfAStream(t *testing.T) {
	if n, err := drop(strings.NewReader("k8s.io/initial-events-en")); err == nil || n != 24 {
		t.Errorf("read %d bytes, want an error", n)
	}
	broken := errors.New("broken")
	if _, err := drop(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
