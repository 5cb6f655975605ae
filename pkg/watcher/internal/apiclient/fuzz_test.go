package apiclient

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// zipped is texts as gzip, a member each.
func zipped(tb testing.TB, texts ...string) []byte {
	tb.Helper()
	var b bytes.Buffer
	for _, text := range texts {
		z := gzip.NewWriter(&b)
		if _, err := z.Write([]byte(text)); err != nil {
			tb.Fatal(err)
		}
		if err := z.Close(); err != nil {
			tb.Fatal(err)
		}
	}
	return b.Bytes()
}

// libraryUnzips is what the library makes of a sequence of members.
func libraryUnzips(in []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(in))
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = nil // no member at all
		}
		return nil, err
	}
	return io.ReadAll(z)
}

// FuzzGunzip unpacks what the library does, however it arrives.
func FuzzGunzip(f *testing.F) {
	f.Add(zipped(f, "one"))
	f.Add(zipped(f, "one", "", "three", strings.Repeat("long ", 20000)))
	f.Add(zipped(f))
	f.Add(append(zipped(f, "one"), "rubbish"...))
	f.Add(append(zipped(f, "one"), 0))
	whole := zipped(f, "one", "two")
	f.Add(whole[:len(whole)-1])
	f.Add(whole[:len(whole)/2+3])
	f.Fuzz(func(t *testing.T, in []byte) {
		want, wantErr := libraryUnzips(in)
		for _, body := range []io.Reader{bytes.NewReader(in), iotest.OneByteReader(bytes.NewReader(in)), iotest.DataErrReader(bytes.NewReader(in))} {
			g := newGunzip(io.NopCloser(body))
			got, err := io.ReadAll(g)
			if !bytes.Equal(got, want) || (err == nil) != (wantErr == nil) {
				t.Fatalf("%d bytes, %v; the library: %d bytes, %v", len(got), err, len(want), wantErr)
			}
			if g.member != nil && err == nil {
				t.Fatal("it holds a decompressor at the end")
			}
			if n, again := g.Read(make([]byte, 1)); n != 0 || again == nil {
				t.Fatalf("after the end it reads %d bytes, %v", n, again)
			}
		}
	})
}

// canonical tells whether the selectors are written as their libraries write them, which Target asks of its maker. A blank
// is a selector of everything, and is not.
func canonical(t Target) bool {
	l, errL := labels.Parse(t.Labels)
	f, errF := fields.ParseSelector(t.Fields)
	return errL == nil && errF == nil && l.String() == t.Labels && f.String() == t.Fields
}

// FuzzTarget asks whether a request's text, as plans show it, is the request that is sent: the same path and parameters,
// each of them once, and whole.
func FuzzTarget(f *testing.F) {
	f.Add("", "v1", "pods", "a", "k=v,x in (a,b),!y", `metadata.name=n,spec.nodeName=w\,2`)
	f.Add("apps", "v1", "deployments", "", "", "")
	f.Add("a b", "v/1", "p?q#r", "n%2f", "k&l=m;n", "a+b!=c d")
	f.Add("é", "..", "\x00", "\xff", "%", "&watch=false")
	f.Fuzz(func(t *testing.T, group, version, plural, namespace, byLabel, byField string) {
		target := Target{Resource: kind.Resource{Group: group, Version: version, Plural: plural}, Namespace: namespace, Labels: byLabel, Fields: byField}
		u, err := url.Parse("http://server" + target.String())
		if err != nil {
			t.Fatalf("%q: %v", target, err)
		}
		if u.EscapedPath() != target.Path() || u.Fragment != "" {
			t.Fatalf("%q has the path %q, want %q", target, u.EscapedPath(), target.Path())
		}
		shown, err := url.ParseQuery(u.RawQuery)
		if err != nil {
			t.Fatalf("%q: %v", target, err)
		}
		sent := target.query()
		sent.Set("watch", "true")
		if shown.Encode() != sent.Encode() {
			t.Fatalf("%q shows %q, and sends %q", target, shown.Encode(), sent.Encode())
		}
		if !target.Covers(target) {
			t.Fatalf("%q does not cover itself", target)
		}
		wide := Target{Resource: target.Resource}
		if canonical(target) && wide.Covers(target) && target.Covers(wide) && wide != target {
			t.Fatalf("%q and %q cover each other", wide, target)
		}
		_, _ = target.Ambiguous(), target.SelectsByName()
		parts := strings.Split(target.Path(), "/")
		if last, err := url.PathUnescape(parts[len(parts)-1]); err != nil || last != plural {
			t.Fatalf("%q names %q, %v", target, last, err)
		}
	})
}
