package poison

import (
	"bytes"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFill(t *testing.T) {
	on.Store(false) // the test may run more than once
	memory := make([]byte, 100)
	Fill(memory)
	if !bytes.Equal(memory, make([]byte, 100)) {
		t.Error("memory is overwritten although nobody asked for it")
	}
	Enable()
	for n := range memory {
		memory = make([]byte, 100)
		Fill(memory[:n])
		if bytes.Count(memory[:n], []byte{Byte}) != n || bytes.Count(memory[n:], []byte{0}) != len(memory)-n {
			t.Errorf("%d bytes: %x", n, memory)
		}
	}
}
