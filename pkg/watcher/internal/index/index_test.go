package index

import (
	"strings"
	"testing"
	"unsafe"

	"pgregory.net/rapid"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// unsafeString is a string in a buffer that may be used again, as those of a frame are.
func unsafeString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// single is an entry in an index of its own.
func single(namespace, name, uid, rv string) Entry { return NewIndex(0).Put(namespace, name, uid, rv) }

func TestEntryKeepsItsIdentity(t *testing.T) {
	for _, c := range []struct{ ns, name, uid, rv string }{
		{"ns", "name", "6e2b0ab2-0b9c-4b8e-9d0a-0123456789ab", "12345"},
		{"", "node", "6E2B0AB2-0B9C-4B8E-9D0A-0123456789AB", "18446744073709551615"},
		{"ns", "a/b", "", ""},
		{"ns", "name", "6e2b0ab2-0b9c-4b8e-9d0a-0123456789a", "0"},
		{"ns", "name", "0123456789abcdef", "18446744073709551616"},
		{"ns", "name", "6e2b0ab2-0b9c-4b8e-9d0a-0123456789zz", "007"},
		{"ns", "name", "6e2b0ab2x0b9c-4b8e-9d0a-0123456789ab", "abc"},
		{strings.Repeat("n", 300), strings.Repeat("m", 100_000), "u", "+5"},
	} {
		e := single(c.ns, c.name, c.uid, c.rv)
		if e.Namespace() != c.ns || e.Name() != c.name || e.UID() != c.uid || e.RV() != c.rv {
			t.Errorf("%+v became %q %q %q %q", c, e.Namespace(), e.Name(), e.UID(), e.RV())
		}
		if !e.HasUID(c.uid) || e.HasUID(c.uid+"x") || !e.HasRV(c.rv) || e.HasRV("6") {
			t.Errorf("%+v: UIDs or versions do not compare", c)
		}
	}
}

func TestEntryRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ns, name := rapid.String().Draw(rt, "ns"), rapid.String().Draw(rt, "name")
		uid := rapid.OneOf(rapid.String(), rapid.StringMatching(`[0-9a-fA-F]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)).Draw(rt, "uid")
		rv := rapid.OneOf(rapid.String(), rapid.StringMatching(`[0-9]{0,25}`)).Draw(rt, "rv")
		e := single(ns, name, uid, rv)
		if e.Namespace() != ns || e.Name() != name || e.UID() != uid || e.RV() != rv {
			rt.Fatalf("became %q %q %q %q", e.Namespace(), e.Name(), e.UID(), e.RV())
		}
	})
}

// What is packed can be unpacked to the same text, and what cannot is not packed.
func FuzzPackUUID(f *testing.F) {
	for _, s := range []string{"", "6e2b0ab2-0b9c-4b8e-9d0a-0123456789ab", "6E2B0AB2-0B9C-4B8E-9D0A-0123456789AB", strings.Repeat("-", 36)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		raw, ok := packUUID(s)
		if ok && unpackUUID(raw) != s {
			t.Errorf("%q became %q", s, unpackUUID(raw))
		}
		made := unpackUUID([16]byte(append([]byte(s), make([]byte, 16)...)))
		if again, ok := packUUID(made); !ok || unpackUUID(again) != made {
			t.Errorf("%q is not packed", made)
		}
	})
}

func TestFits(t *testing.T) {
	if Fits(&wire.Meta{Name: strings.Repeat("x", 1<<24)}) || Fits(&wire.Meta{}) || !Fits(&wire.Meta{Name: "a", Namespace: "b", UID: "c"}) {
		t.Error("fits does not tell")
	}
}

func TestEntryCompare(t *testing.T) {
	for _, c := range []struct {
		have, rv string
		want     Order
	}{
		{"5", "6", OrderAhead},
		{"5", "5", OrderSame},
		{"5", "05", OrderSame},
		{"10", "9", OrderBehind},
		{"5", "x", OrderUnknown},
		{"x", "x", OrderSame},
		{"", "", OrderUnknown},
		{"18446744073709551616", "18446744073709551617", OrderAhead},
		{"18446744073709551616", "5", OrderBehind},
	} {
		if got := single("", "a", "", c.have).Compare(c.rv); got != c.want {
			t.Errorf("%q seen from %q is %v, want %v", c.rv, c.have, got, c.want)
		}
	}
}

// An entry's strings are its own: those that an index was given may be a frame's, and those that it gave are kept.
func TestEntrySharesNoMemory(t *testing.T) {
	buffer := []byte("ns/name/uid/rv-1")
	text := unsafeString(buffer)
	x := NewIndex(0)
	e := x.Put(text[:2], text[3:7], text[8:11], text[12:])
	name := e.Name()
	for i := range buffer {
		buffer[i] = 'x'
	}
	if _, ok := x.Get("ns", "name"); !ok || e.Namespace() != "ns" || e.UID() != "uid" || e.RV() != "rv-1" {
		t.Errorf("became %q %q %q %q", e.Namespace(), e.Name(), e.UID(), e.RV())
	}
	x.Remove(e)
	x.Put("ns", "other", "uid", "1")
	if name != "name" {
		t.Errorf("what was given became %q", name)
	}
}
