package widget_test

import (
	"reflect"
	"testing"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/ancho-dev/ancho/hack/bench/internal/fill"
	"github.com/ancho-dev/ancho/hack/bench/internal/widget"
)

func TestDeepCopy(t *testing.T) {
	w := fill.Widget(7, 100)
	c := w.DeepCopy()
	if !equality.Semantic.DeepEqual(w, c) {
		t.Error("the copy differs")
	}
	shared(t, "Widget", reflect.ValueOf(*w), reflect.ValueOf(*c))

	list := &widget.WidgetList{Items: []widget.Widget{*w}}
	copied, ok := list.DeepCopyObject().(*widget.WidgetList)
	if !ok || !equality.Semantic.DeepEqual(list, copied) {
		t.Fatal("the copy of a list differs")
	}
	shared(t, "WidgetList", reflect.ValueOf(*list), reflect.ValueOf(*copied))
}

// shared looks for memory that two values have in common. Times and quantities are left out: what they share is
// never written to.
func shared(t *testing.T, path string, a, b reflect.Value) {
	t.Helper()
	switch a.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice:
		if a.IsNil() || a.Kind() != reflect.Pointer && a.Len() == 0 {
			return
		}
		if a.Pointer() == b.Pointer() {
			t.Errorf("%s is shared", path)
		}
	default:
	}
	switch a.Kind() {
	case reflect.Pointer:
		shared(t, path, a.Elem(), b.Elem())
	case reflect.Slice:
		for i := range a.Len() {
			shared(t, path+"[]", a.Index(i), b.Index(i))
		}
	case reflect.Map:
		for _, key := range a.MapKeys() {
			shared(t, path+"{}", a.MapIndex(key), b.MapIndex(key))
		}
	case reflect.Struct:
		for i := range a.NumField() {
			if f := a.Type().Field(i); f.IsExported() && f.Type.String() != "time.Time" {
				shared(t, path+"."+f.Name, a.Field(i), b.Field(i))
			}
		}
	default:
	}
}

func TestNothing(t *testing.T) {
	if (*widget.Widget)(nil).DeepCopy() != nil || (*widget.WidgetList)(nil).DeepCopyObject() != nil {
		t.Error("the copy of nothing is something")
	}
}

func TestScheme(t *testing.T) {
	s := runtime.NewScheme()
	if err := widget.AddToScheme(s); err != nil {
		t.Fatal(err)
	}
	kinds, _, err := s.ObjectKinds(&widget.Widget{})
	if err != nil || len(kinds) != 1 || kinds[0] != widget.GroupVersion.WithKind("Widget") {
		t.Errorf("got %v, %v", kinds, err)
	}
}
