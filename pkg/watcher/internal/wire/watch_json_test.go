package wire

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestWatchJSONDocuments(t *testing.T) {
	const a, b = `{"type":"ADDED","object":{"metadata":{"name":"a"}}}`, `{"type":"ADDED","object":{"metadata":{"name":"b"}}}`
	for _, c := range []struct {
		name, in string
		want     []string
		bad      int
		end      string
	}{
		{name: "one a line", in: a + "\n" + b + "\n", want: []string{"ADDED a", "ADDED b"}},
		{name: "nothing between", in: a + b, want: []string{"ADDED a", "ADDED b"}},
		{name: "over several lines", in: "\r\n{\n \"type\" : \"ADDED\",\n\t\"object\" :\n" + `{"metadata":{"name":"a"}}` + "\n}\n\n\n" + b, want: []string{"ADDED a", "ADDED b"}},
		{name: "object first", in: `{"object":{"metadata":{"name":"a"}},"type":"DELETED"}`, want: []string{"DELETED a"}},
		{name: "unknown fields", in: `{"x":{"type":"ERROR"},"type":"ADDED","y":[1],"object":{"metadata":{"name":"a"}},"z":null}`, want: []string{"ADDED a"}},
		{name: "escaped", in: `{"ty\u0070e":"ADD\u0045D","object":{"metadata":{"name":"a"}}}`, want: []string{"ADDED a"}},
		{name: "repeated: the last", in: `{"type":"DELETED","object":{"metadata":{"name":"x"}},"type":"ADDED","object":{"metadata":{"name":"a"}},"object":null}`, want: []string{"ADDED a"}},
		{name: "case counts", in: `{"Type":"DELETED","type":"ADDED","OBJECT":{},"object":{"metadata":{"name":"a"}}}`, want: []string{"ADDED a"}},
		{name: "type a number", in: `{"type":5,"object":{"metadata":{"name":"SECRET"}}}` + a, want: []string{"ADDED a"}, bad: 1},
		{name: "no type", in: `{"object":{"metadata":{"name":"x"}}}` + a, want: []string{"UNKNOWN ", "ADDED a"}},
		{name: "no object", in: `{"type":"ADDED"}` + a, want: []string{"ADDED a"}, bad: 1},
		{name: "documents that are no events", in: `[{"type":"ADDED"}] "text" 5 true ` + a, want: []string{"ADDED a"}, bad: 4},
		{name: "not JSON", in: a + "<html>" + b, want: []string{"ADDED a"}, end: "malformed"},
		{name: "broken inside", in: a + `{"type":"ADDED","object":{"metadata":}}` + b, want: []string{"ADDED a"}, end: "malformed"},
		{name: "broken type", in: `{"type":ADDED}`, end: "malformed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			good, bad, end := drain(t, newWatch(t, typeJSON+";stream=watch", strings.NewReader(c.in), ReaderOptions{}))
			if got := names(good); !slices.Equal(got, c.want) {
				t.Errorf("frames %q, want %q", got, c.want)
			}
			if len(bad) != c.bad {
				t.Errorf("bad frames %v, want %d", bad, c.bad)
			}
			if c.end == "" && errors.Is(end, io.EOF) {
				return
			}
			var corrupt *CorruptError
			if c.end == "" || !errors.As(end, &corrupt) {
				t.Errorf("end %v, want %q", end, c.end)
			}
		})
	}
}

func TestWatchJSONBadTypeKeepsTheKey(t *testing.T) {
	_, bad, _ := drain(t, newWatch(t, typeJSON, strings.NewReader(`{"type":5,"object":{"metadata":{"name":"n","namespace":"ns"}}}`), ReaderOptions{}))
	if len(bad) != 1 || bad[0].Meta.Key() != "ns/n" || bad[0].Type != Unknown {
		t.Errorf("%+v", bad)
	}
	_, bad, _ = drain(t, newWatch(t, typeJSON, strings.NewReader(`{"type":"ADDED","object":{"metadata":{"name":5,"resourceVersion":"7"}}}`), ReaderOptions{}))
	if len(bad) != 1 || bad[0].Meta.ResourceVersion != "7" || bad[0].Type != Added {
		t.Errorf("%+v", bad)
	}
}
