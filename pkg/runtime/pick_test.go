package runtime

import (
	"fmt"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"pgregory.net/rapid"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/layout"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

var pickValues = []string{"a", "b", "c"}

// somePick draws a selection that has none to four conditions, and filters that are none.
func somePick(rt *rapid.T) capability.Selection[*corev1.ConfigMap] {
	s := capability.When(kind.ConfigMap)
	for range rapid.IntRange(0, 4).Draw(rt, "steps") {
		v := rapid.SliceOfNDistinct(rapid.SampledFrom(pickValues), 1, 2, rapid.ID).Draw(rt, "values")
		key := rapid.SampledFrom([]string{"k", "l"}).Draw(rt, "key")
		switch rapid.IntRange(0, 6).Draw(rt, "step") {
		case 0:
			s = s.InNamespace(v...).Wide()
		case 1:
			s = s.WithName(v...)
		case 2:
			s = s.WithLabel(key, v...)
		case 3:
			s = s.WithLabel(key)
		case 4:
			s = s.WithAnnotation(key, v...)
		case 5:
			s = s.WithAnnotation(key)
		case 6:
			s = s.WithLabels("!" + key + "x").WithNameRegex("[abc]")
		}
	}
	return s
}

func someMap(rt *rapid.T, rv int) *corev1.ConfigMap {
	value := rapid.SampledFrom(pickValues)
	set := rapid.MapOfN(rapid.SampledFrom([]string{"k", "l", "kx"}), value, 0, 3)
	cm := aMap("", fmt.Sprint(rv))
	cm.Namespace, cm.Name = value.Draw(rt, "namespace"), value.Draw(rt, "name")
	cm.UID = "uid-of-" + cm.UID
	cm.Labels, cm.Annotations = set.Draw(rt, "labels"), set.Draw(rt, "annotations")
	return cm
}

// A feed that looks up which bindings to ask tells them the same as one that asks each.
func TestPickingTellsTheSame(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var bindings []capability.Binding
		for i := range rapid.SampledFrom([]int{1, layout.FewBindings + 1, 20, 70}).Draw(rt, "bindings") {
			s := somePick(rt).Alias(fmt.Sprint("b-", i))
			if rapid.Bool().Draw(rt, "all types") {
				s = s.IsCreatedOrUpdated().IsDeleted().HasLeft()
			}
			bindings = append(bindings, s.Watch(ignoreMap))
		}
		if _, err := declared(oneCapability(bindings...), capability.Env{}); err != nil {
			return // a selection of nothing
		}
		picking, asking := newRig(t, bindings...), newRig(t, bindings...)
		asking.feed.Picker = nil
		if (picking.feed.Picker == nil) != (len(bindings) <= layout.FewBindings) {
			rt.Fatal("the first rig does not pick, or need not")
		}
		for rv := range rapid.IntRange(1, 30).Draw(rt, "events") {
			cm := someMap(rt, rv+1)
			gone := rapid.IntRange(0, 3).Draw(rt, "gone") == 0
			for _, r := range []*rig{picking, asking} {
				if _, known := r.index.Get(cm.Namespace, cm.Name); gone && known {
					r.gone(cm, false)
				} else {
					r.upsert(cm, false)
				}
			}
			for i := range bindings {
				got, want := picking.boxes[i].take(), asking.boxes[i].take()
				if !slices.Equal(got, want) {
					rt.Fatalf("binding %d is told %q of %+v, want %q", i, got, cm.ObjectMeta, want)
				}
			}
		}
	})
}

// With disjoint filters one binding of many is asked, whatever part of the metadata they are about, and although all
// of them ask for one label as well.
func TestPickingAsksFew(t *testing.T) {
	all := capability.When(kind.ConfigMap).WithLabel("all", "of-them")
	for name, filter := range map[string]func(string) capability.Selection[*corev1.ConfigMap]{
		"label": func(v string) capability.Selection[*corev1.ConfigMap] { return all.WithLabel("tier", v) },
		"annotation": func(v string) capability.Selection[*corev1.ConfigMap] {
			return all.WithAnnotation("example.com/tier", v)
		},
		"name": func(v string) capability.Selection[*corev1.ConfigMap] {
			return all.WithName("the-name-of-an-object-" + v)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var bindings []capability.Binding
			for i := range 100 {
				v := fmt.Sprintf("value-%d", i)
				bindings = append(bindings, filter(v).Alias(v).Watch(ignoreMap))
			}
			r := newRig(t, bindings...)
			asked := 0
			for _, s := range r.feed.Subs {
				match := s.Of.Match
				c := *s.Of.Compiled
				c.Match = func(m *watcher.Meta) bool {
					asked++
					return match(m)
				}
				s.Of.Compiled = &c
			}
			f := benchObject(t, 70)
			f.Meta.Labels = append(f.Meta.Labels, watcher.Pair{Key: "all", Value: "of-them"})
			e := r.index.Put(f.Meta.Namespace, f.Meta.Name, f.Meta.UID, "1")
			r.feed.Handle(watcher.Delta{Kind: watcher.Upsert, Frame: f, Entry: e, New: true})
			r.expect(70, "Added")
			if asked != 1 {
				t.Errorf("%d bindings were asked", asked)
			}
		})
	}
}
