package kind

import (
	"reflect"
	"strings"
	"testing"
)

// same fails where Decode, for which the fast decoder is tried first, does not end as the slow one alone
// does, or where the fast one accepts what the slow one does not, or makes something else of it. It
// reports whether the fast one accepted.
func same(t *testing.T, k typed, raw []byte) bool {
	t.Helper()
	want, wantErr := k.decodeSlowly(raw)
	got, err := k.decodeObject(raw, JSON)
	if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
		t.Fatalf("%s: error %v, want %v\n%s", k.Resource(), err, wantErr, raw)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s: decoded as\n%+v, want\n%+v\n%s", k.Resource(), got, want, raw)
	}
	if !k.mayTry() {
		return false
	}
	fast, ok := k.tryFast(raw)
	if !ok {
		return false
	}
	slow, err := k.fillSlowly(raw)
	if err != nil {
		t.Fatalf("%s: the fast decoder accepts what gives %v\n%s", k.Resource(), err, raw)
	}
	if !reflect.DeepEqual(fast, slow) {
		t.Fatalf("%s: the fast decoder makes\n%+v, want\n%+v\n%s", k.Resource(), fast, slow, raw)
	}
	return true
}

// Objects as a server sends them take the fast way, whatever their kind.
func TestFilledObjectsOfAllKindsDecodeFast(t *testing.T) {
	for _, k := range builtins(t) {
		raw := encodings(t, filled(k))[JSON]
		if !same(t, k, raw) {
			t.Errorf("%s: is not decoded fast", k.Resource())
		}
		if meta := Metadata(k); !same(t, meta, raw) {
			t.Errorf("metadata of %s: is not decoded fast", k.Resource())
		}
	}
	if !same(t, widget, []byte(widgetJSON)) {
		t.Error("a custom resource is not decoded fast")
	}
	if !same(t, Unstructured(widget.Resource().GVK()), []byte(widgetJSON)) {
		t.Error("an unstructured object is not decoded fast")
	}
	got, err := widget.Decode([]byte(widgetJSON), JSON)
	if err != nil || got.Name != "shop" || *got.Spec.Replicas != 3 || got.Spec.Word.said != "word" || got.Spec.Level.said != `{"any":1}` {
		t.Errorf("decoded as %+v, %v", got, err)
	}
}

// Fields of every kind, one at a time, with values that they may and may not have.
func TestOddValuesDecodeAsBefore(t *testing.T) {
	const probes = 20 // of each kind: the fuzz test goes on
	all, fast := 0, 0
	for n, k := range differing(t) {
		typ := shapeOf(k)
		plain := shaper{at: -1}
		if !same(t, k, plain.document(typ)) && k.mayTry() {
			t.Errorf("%s: an ordinary document is not decoded fast", k.Resource())
		}
		for i := range probes {
			s := shaper{at: (i*max(plain.places/probes, 1) + n) % plain.places, odd: oddValues[(i*7+n)%len(oddValues)]}
			raw := s.document(typ)
			same(t, gizmo, raw)
			all++
			if same(t, k, raw) {
				fast++
			}
		}
	}
	if fast < all/10 || fast > all/2 {
		t.Errorf("of %d documents, %d were decoded fast: the values are not odd, or not in place", all, fast)
	}
	t.Logf("of %d documents, %d were decoded fast", all, fast)
}

func TestWhatTheFastDecoderRefusesDecodesAsBefore(t *testing.T) {
	for name, raw := range map[string]string{
		"a name twice":              `{"spec":{"image":"a","image":"b"}}`,
		"a name twice, merged":      `{"spec":{"image":"a"},"spec":{"Plain":1}}`,
		"an unknown name twice":     `{"x":1,"x":2}`,
		"a key of a map twice":      `{"metadata":{"labels":{"a":"b","a":"c"}}}`,
		"a name twice, once quoted": `{"spec":{"image":"a","\u0069mage":"b"}}`,
		"a name twice, passed on":   `{"spec":{"extra":{"a":1,"a":2}}}`,
		"no UTF-8":                  "{\"spec\":{\"image\":\"\xff\"}}",
		"no UTF-8 in a name":        "{\"spec\":{\"\xff\":1}}",
		"half a surrogate pair":     `{"spec":{"image":"\ud800"}}`,
		"base64 over lines":         `{"spec":{"data":"aGVs\nbG8="}}`,
		"bytes as a list":           `{"spec":{"data":[1,2,3]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			if same(t, widget, []byte(raw)) {
				t.Error("the fast decoder accepts it")
			}
			same(t, gizmo, []byte(raw))
			if _, err := widget.Decode([]byte(raw), JSON); err != nil {
				t.Error(err)
			}
		})
	}
	got, err := widget.Decode([]byte(`{"spec":{"level":1,"image":"a","image":"b"}}`), JSON)
	if err != nil || got.Spec.Level.said != "1" || got.Spec.Image != "b" {
		t.Errorf("decoded as %+v, %v: what the fast decoder left was not cleared", got, err)
	}
}

func TestJSONIsReadAlikeByBothDecoders(t *testing.T) {
	nested := func(n int) string {
		return `{"deep":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}`
	}
	children := func(n int) string {
		return `{"spec":` + strings.Repeat(`{"child":`, n) + "{}" + strings.Repeat("}", n) + `}`
	}
	for name, raw := range map[string]string{
		"whitespace":            " \t\r\n{ \"spec\" : { \"image\" : \"a\" } } \n",
		"a byte order mark":     "\ufeff{}",
		"other whitespace":      "{\"spec\":\v{}}",
		"more behind it":        `{}{}`,
		"a word behind it":      `{} null`,
		"cut short":             `{"spec":{"image":"a"`,
		"a comma too many":      `{"spec":{},}`,
		"names without quotes":  `{spec:{}}`,
		"a control character":   "{\"spec\":{\"image\":\"a\nb\"}}",
		"a wrong escape":        `{"spec":{"image":"\x41"}}`,
		"escapes":               `{"spec":{"image":"\u0041\n\/\\\"\ud83d\ude00\u2028"}}`,
		"an escaped name":       `{"\u0073pec":{"image":"a"}}`,
		"another case":          `{"Spec":{"image":"a"},"spec":{"IMAGE":"b","plain":1}}`,
		"nulls":                 `{"metadata":null,"spec":null,"status":null,"apiVersion":null,"kind":null}`,
		"nulls inside":          `{"spec":{"image":null,"replicas":null,"port":null,"resources":{"a":null,"b":{"c":null}},"parts":[null],"child":null,"level":null,"word":null,"extra":null,"any":null,"data":null,"chunks":[null]},"status":{"at":null,"seen":null,"capacity":null}}`,
		"empty":                 `{"spec":{"resources":{},"parts":[],"data":"","chunks":[],"flags":{"":[]}}}`,
		"a leading zero":        `{"spec":{"Plain":01}}`,
		"minus zero":            `{"spec":{"Plain":-0,"natural":0,"weight":-0.0}}`,
		"minus zero, unsigned":  `{"spec":{"natural":-0}}`,
		"a fraction":            `{"spec":{"Plain":1.0}}`,
		"an exponent":           `{"spec":{"Plain":1e2}}`,
		"too large for int8":    `{"spec":{"tiny":128}}`,
		"too small for int8":    `{"spec":{"tiny":-129}}`,
		"too large for uint64":  `{"spec":{"large":18446744073709551616}}`,
		"too large for float32": `{"spec":{"weight":3.5e38}}`,
		"too large for float64": `{"spec":{"ratio":1e309}}`,
		"tiny floats":           `{"spec":{"ratio":1e-400,"weight":1e-60}}`,
		"large and unknown":     `{"unknown":1e999}`,
		"a quoted number":       `{"spec":{"Plain":"1"}}`,
		"times":                 `{"status":{"at":"2026-03-04T05:06:07.5+02:00","seen":"0001-01-01T00:00:00Z"}}`,
		"a time with a comma":   `{"status":{"at":"2026-03-04T05:06:07,5Z"}}`,
		"a time of one digit":   `{"status":{"at":"2026-03-04T5:06:07Z"}}`,
		"a time far off":        `{"status":{"at":"2026-03-04T05:06:07+24:00"}}`,
		"an escaped time":       `{"status":{"at":"2026-03-04T05:06:0\u0037Z"}}`,
		"no time":               `{"status":{"at":""}}`,
		"a port escaped":        `{"spec":{"port":"\u0068ttp"}}`,
		"a port as a float":     `{"spec":{"port":1.5}}`,
		"base64 without its =":  `{"spec":{"data":"YQ"}}`,
		"base64 with bits over": `{"spec":{"data":"YR=="}}`,
		"no base64":             `{"spec":{"data":"*"}}`,
		"own code that fails":   `{"spec":{"level":"wrong"}}`,
		"own code that panics":  `{"spec":{"level":"panic"}}`,
		"own text that fails":   `{"spec":{"word":"wrong"}}`,
		"own text, no string":   `{"spec":{"word":1}}`,
		"own JSON, spaced out":  `{"spec":{"level": { "a" : [ 1 , 2 ] } ,"extra": { "a" : 1 } }}`,
		"9998 levels, unknown":  nested(9998),
		"9999 levels, unknown":  nested(9999),
		"10000 levels, unknown": nested(10000),
		"9990 levels":           children(9990),
		"9997 levels":           children(9997),
		"9998 levels":           children(9998),
		"9999 levels":           children(9999),
		"10000 levels":          children(10000),
	} {
		t.Run(name, func(t *testing.T) {
			same(t, widget, []byte(raw))
			same(t, gizmo, []byte(raw))
		})
	}
}

// The fast decoder hands slices of the bytes to code that is not its own.
func TestObjectsDecodedFastOwnTheirMemory(t *testing.T) {
	raw := []byte(widgetJSON)
	got, ok := widget.tryFast(raw)
	want, err := widget.fillSlowly([]byte(widgetJSON))
	if !ok || err != nil {
		t.Fatalf("fast %t, slowly %v", ok, err)
	}
	clear(raw)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the object changed with the bytes: %+v", got)
	}
}

func TestWhichKindsAreTried(t *testing.T) {
	for _, k := range []typed{gadget, Kind[*Widget]{}} {
		if k.mayTry() {
			t.Errorf("%s: the fast decoder is tried", k.Resource())
		}
	}
	if !widget.Plural("widgetses").ClusterScoped().mayTry() {
		t.Error("a changed copy of a kind is not decoded fast any more")
	}
}
