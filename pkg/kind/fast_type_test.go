package kind

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	fastjson "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	slowjson "sigs.k8s.io/json"
)

type (
	textKey   string
	rank      int
	octet     byte
	pointer   *string
	lowercase struct{ A string }
	// streaming decodes itself in the fast decoder's own way.
	streaming struct{ A string }
	branch    struct {
		Left, Right *branch
		Leaf        []branch
	}
	// crooked contains itself, and what does not agree.
	crooked struct {
		Next *crooked
		Any  any
	}
	// Exported is embedded in types of the tables.
	Exported struct {
		A string `json:"a"`
	}
	// Itself decodes itself.
	Itself struct{ A string }
)

func (*textKey) UnmarshalText([]byte) error                    { return nil }
func (*streaming) UnmarshalJSONFrom(d *jsontext.Decoder) error { return d.SkipValue() }
func (*Itself) UnmarshalJSON([]byte) error                     { return nil }

func TestTypesAgree(t *testing.T) {
	for _, typ := range []reflect.Type{
		reflect.TypeFor[struct{}](),
		reflect.TypeFor[branch](),
		reflect.TypeFor[metav1.ObjectMeta](),
		reflect.TypeFor[struct {
			metav1.TypeMeta `json:",inline"`
			Named           metav1.ObjectMeta `json:"named,omitzero"`
			Exported
			B []byte              `json:"b"`
			C map[rankName]*int64 `json:"c-d_e.f/g$9"`
			E Itself              `json:"e"`
			F json.RawMessage     `json:",omitempty"`
			g any
			H chan int `json:"-"`
			I resource.Quantity
			J runtime.RawExtension
			K map[string]map[string][][]string
			L struct{ A, B float32 }
			M any `json:"-"`
		}](),
	} {
		if !agrees(typ) {
			t.Errorf("%s does not agree", typ)
		}
	}
}

// structOf makes a struct of two numbers, with tags that no code should have.
func structOf(a, aTag, b, bTag string) reflect.Type {
	field := func(name, tag string) reflect.StructField {
		f := reflect.StructField{Name: name, Type: reflect.TypeFor[int](), Tag: reflect.StructTag(tag)}
		if name[0] >= 'a' {
			f.PkgPath = reflect.TypeFor[branch]().PkgPath()
		}
		return f
	}
	return reflect.StructOf([]reflect.StructField{field(a, aTag), field(b, bTag)})
}

// rankName is a key like any string.
type rankName string

func TestTypesDoNotAgree(t *testing.T) {
	for why, typ := range map[string]reflect.Type{
		"an interface":              reflect.TypeFor[struct{ A any }](),
		"an interface with methods": reflect.TypeFor[struct{ A runtime.Object }](),
		"an interface, deep inside": reflect.TypeFor[struct{ A map[string][]*crooked }](),
		"a quoted number": reflect.TypeFor[struct {
			A int `json:"a,string"`
		}](),
		"a quoted number among options": reflect.TypeFor[struct {
			A int `json:"a,omitempty,string"`
		}](),
		"an option of the fast decoder alone": reflect.TypeFor[struct {
			A int `json:"a,case:ignore"`
		}](),
		"a format": reflect.TypeFor[struct {
			A []byte `json:"a,format:hex"`
		}](),
		"an option with a comma and no more": structOf("A", `json:"a,"`, "B", ""),
		"inline, not embedded": reflect.TypeFor[struct {
			A Exported `json:",inline"`
		}](),
		"embed": reflect.TypeFor[struct {
			A Exported `json:",embed"`
		}](),
		"the name -": structOf("A", `json:"-,omitempty"`, "B", ""),
		"a quoted name": reflect.TypeFor[struct {
			A int `json:"'a'"`
		}](),
		"a name with a space": reflect.TypeFor[struct {
			A int `json:"a b"`
		}](),
		"a name that is not ASCII":     structOf("A", `json:"ä"`, "B", ""),
		"a tag on an unexported field": structOf("A", `json:"a"`, "b", `json:"b"`),
		"one name twice":               structOf("A", `json:"a"`, "B", `json:"a"`),
		"one name twice, once embedded": reflect.TypeFor[struct {
			Exported
			B int `json:"a"`
		}](),
		"an embedded pointer": reflect.TypeFor[struct{ *Exported }](),
		"an embedded type that is unexported": reflect.TypeFor[struct {
			lowercase
			B int
		}](),
		"an embedded type that is no struct": reflect.TypeFor[struct{ metav1.Verbs }](),
		"an embedded type that decodes itself": reflect.TypeFor[struct {
			Itself
			B int
		}](),
		"nothing to fill":                     reflect.TypeFor[struct{ a int }](),
		"a time":                              reflect.TypeFor[struct{ A time.Time }](),
		"a duration":                          reflect.TypeFor[struct{ A time.Duration }](),
		"a number of any type":                reflect.TypeFor[struct{ A json.Number }](),
		"a key that decodes itself":           reflect.TypeFor[struct{ A map[textKey]int }](),
		"a key that is a number":              reflect.TypeFor[struct{ A map[rank]int }](),
		"an array":                            reflect.TypeFor[struct{ A [2]int }](),
		"an array of bytes":                   reflect.TypeFor[struct{ A [2]byte }](),
		"bytes of another name":               reflect.TypeFor[struct{ A []octet }](),
		"a pointer to a pointer":              reflect.TypeFor[struct{ A **string }](),
		"a pointer with a name":               reflect.TypeFor[struct{ A pointer }](),
		"a channel":                           reflect.TypeFor[struct{ A chan int }](),
		"a function":                          reflect.TypeFor[struct{ A func() }](),
		"a complex number":                    reflect.TypeFor[struct{ A complex64 }](),
		"an address as a number":              reflect.TypeFor[struct{ A uintptr }](),
		"what decodes itself in the fast way": reflect.TypeFor[struct{ A streaming }](),
		"a type without a name, but with methods": reflect.TypeFor[struct {
			A struct{ Itself }
		}](),
	} {
		if agrees(typ) {
			t.Errorf("%s: %s agrees", why, typ)
		}
	}
}

// Reasons for the rules of TestTypesDoNotAgree: where both decoders accept, the results are others.
func TestFastDecoderWouldDiffer(t *testing.T) {
	differs := func(raw string, fast, slow any) {
		t.Helper()
		if fastjson.Unmarshal([]byte(raw), fast, hot) != nil {
			t.Errorf("%T refuses %s", fast, raw)
		}
		if err := slowjson.UnmarshalCaseSensitivePreserveInts([]byte(raw), slow); err == nil && reflect.DeepEqual(fast, slow) {
			t.Errorf("%T: both decoders make %+v of %s", fast, fast, raw)
		}
	}
	type loose struct{ A any }
	differs(`{"A":1}`, &loose{}, &loose{})
	type ignoring struct {
		A int `json:"a,case:ignore"`
	}
	differs(`{"A":1}`, &ignoring{}, &ignoring{})
	type bytes struct{ A [2]byte }
	differs(`{"A":"YWI="}`, &bytes{}, &bytes{})
	type own struct{ A streaming }
	differs(`{"A":{"A":"a"}}`, &own{}, &own{})
}
