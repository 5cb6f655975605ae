package conformance

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	asJSON     = "application/json"
	asProtobuf = "application/vnd.kubernetes.protobuf"
	asYAML     = "application/yaml"
	asCBOR     = "application/cbor"
	asTable    = ";as=Table;g=meta.k8s.io;v=v1"
)

// mediaCases are about the forms of answers.
func mediaCases() []Case {
	return []Case{
		{Name: "the first form of an Accept header that a resource has is given", Rules: []int{43}, run: func(p *probe) {
			p.create("a")
			p.post(p.in(gizmos), gizmo("a", "", "")).is(http.StatusCreated)
			for _, c := range []struct{ path, accept, list, watch string }{
				{"configmaps", asProtobuf + "," + asJSON, asProtobuf, asProtobuf + ";stream=watch"},
				{"configmaps", asJSON + "," + asProtobuf, asJSON, asJSON},
				{"configmaps", "*/*", asJSON, asJSON},
				{"configmaps", "", asJSON, asJSON},
				{"configmaps", "text/html," + asJSON + ";q=0.5", asJSON, asJSON},
				{gizmos, asProtobuf + "," + asJSON, asJSON, asJSON},
			} {
				p.get(p.in(c.path), "Accept", c.accept).is(http.StatusOK).head("Content-Type", c.list)
				p.get(p.in(c.path, "a"), "Accept", c.accept).is(http.StatusOK).head("Content-Type", c.list)
				w := p.watch(p.in(c.path), watchList, "Accept", c.accept)
				if got := w.resp.Header.Get("Content-Type"); got != c.watch {
					p.errorf("%s: a watch of %s is %s, want %s", c.accept, c.path, got, c.watch)
				}
				w.expect("ADDED a", "BOOKMARK end")
			}
		}},
		{Name: "a form that a resource does not have is a 406", Rules: []int{43}, run: func(p *probe) {
			for path, accept := range map[string]string{
				p.in(gizmos): asProtobuf, p.in("configmaps"): "text/html", p.in("configmaps") + "?watch=true": asYAML,
				p.in("configmaps") + "?watch=1&resourceVersion=0": "application/cbor-seq", p.in(gizmos) + "?watch=true": asProtobuf,
				p.in("configmaps") + "?limit=1": asJSON + ";as=Other;g=meta.k8s.io;v=v1",
			} {
				p.get(path, "Accept", accept).is(http.StatusNotAcceptable)
			}
			for _, accept := range []string{"text/html", "application/*"} {
				p.get(p.in("configmaps"), "Accept", accept).refused(406, "NotAcceptable")
			}
		}},
		{Name: "CBOR is not there unless it was turned on", Rules: []int{43}, run: func(p *probe) {
			p.get(p.in("configmaps"), "Accept", asCBOR).refused(406, "NotAcceptable")
			p.get(p.in("configmaps"), "Accept", asCBOR+","+asJSON).is(http.StatusOK).head("Content-Type", asJSON)
		}},
		{Name: "objects and lists come as YAML to who asks for that", run: func(p *probe) {
			p.create("a")
			for _, path := range []string{p.in("configmaps", "a"), p.in("configmaps")} {
				a := p.get(path, "Accept", asYAML).is(http.StatusOK).head("Content-Type", asYAML)
				if !strings.HasPrefix(string(a.raw), "apiVersion: v1\n") {
					p.errorf("%.80s", a.raw)
				}
			}
		}},
		{Name: "nobody gets a Table who does not ask for one", Rules: []int{53}, run: func(p *probe) {
			p.create("a")
			p.get(p.in("configmaps")).is(http.StatusOK).has("kind", "ConfigMapList")
			p.get(p.in("configmaps", "a"), "Accept", "*/*").is(http.StatusOK).has("kind", "ConfigMap")
		}},
		{
			Name: "who asks for a Table gets one", Rules: []int{53},
			NotShownBy: map[string]string{"fake": "it prints no columns; kubectl then prints what it makes of the objects"},
			run: func(p *probe) {
				p.create("a")
				a := p.get(p.in("configmaps"), "Accept", asJSON+asTable+","+asJSON).is(http.StatusOK).has("kind", "Table")
				if a.at("columnDefinitions") == "<nil>" {
					p.errorf("%s", a.raw)
				}
			},
		},
		{Name: "an object is the same in JSON and protobuf, in lists and in watches", run: func(p *probe) {
			p.post(p.in("configmaps"), configMap("a", `,"annotations":{"a":"<é&>"}`, `,"data":{"k":"v"},"binaryData":{"b":"AAEC"}`)).is(http.StatusCreated)
			asked := p.get(p.in("configmaps", "a"))
			var want, got corev1.ConfigMap
			p.must(json.Unmarshal(asked.raw, &want))
			is, err := unwrap(p.get(p.in("configmaps", "a"), "Accept", asProtobuf).is(http.StatusOK).raw, &got)
			p.must(err)
			got.TypeMeta = is
			p.same("the object in protobuf", &got, &want)

			e := p.watch(p.in("configmaps"), watchList).next()
			got = corev1.ConfigMap{}
			p.must(json.Unmarshal(e.raw, &got))
			p.same("the event in JSON", &got, &want)

			e = p.watch(p.in("configmaps"), watchList, "Accept", asProtobuf).next()
			got = corev1.ConfigMap{}
			is, err = unwrap(e.raw, &got)
			p.must(err)
			got.TypeMeta = is
			p.same("the event in protobuf", &got, &want)

			var list corev1.ConfigMapList
			is, err = unwrap(p.get(p.in("configmaps"), "Accept", asProtobuf).is(http.StatusOK).raw, &list)
			p.must(err)
			if is.Kind != "ConfigMapList" || len(list.Items) != 1 {
				p.fatalf("a list is a %s of %d", is.Kind, len(list.Items))
			}
			list.Items[0].TypeMeta = want.TypeMeta
			p.same("the item in protobuf", &list.Items[0], &want)
		}},
		{Name: "refusals come in the form that was asked for", Rules: []int{43}, run: func(p *probe) {
			for _, path := range []string{p.in("configmaps", "a"), p.in("configmaps") + "?watch=true&fieldSelector=a"} {
				a := p.get(path, "Accept", asProtobuf).head("Content-Type", asProtobuf)
				var st metav1.Status
				is, err := unwrap(a.raw, &st)
				p.must(err)
				if is.Kind != "Status" || int(st.Code) != a.code || st.Reason == "" {
					p.errorf("%s is refused with a %s: %+v", path, is.Kind, st)
				}
			}
			p.get(p.in("configmaps", "a"), "Accept", asProtobuf+","+asJSON).is(404).head("Content-Type", asProtobuf)
		}},
		{Name: "large answers come compressed to who takes that, small ones and others as they are", run: func(p *probe) {
			p.create("small")
			p.get(p.in("configmaps"), "Accept-Encoding", "gzip").is(http.StatusOK).head("Content-Encoding", "")
			large := `,"data":{"k":"` + strings.Repeat("x", 200_000) + `"}`
			p.post(p.in("configmaps"), configMap("large", "", large)).is(http.StatusCreated)
			a := p.get(p.in("configmaps"), "Accept-Encoding", "gzip").is(http.StatusOK).head("Content-Encoding", "gzip").head("Vary", "Accept-Encoding")
			z, err := gzip.NewReader(bytes.NewReader(a.raw))
			p.must(err)
			raw, err := io.ReadAll(z)
			p.must(err)
			var list corev1.ConfigMapList
			p.must(json.Unmarshal(raw, &list))
			if len(list.Items) != 2 || len(list.Items[0].Data["k"]) != 200_000 {
				p.errorf("the list holds %d", len(list.Items))
			}
			p.get(p.in("configmaps")).is(http.StatusOK).head("Content-Encoding", "")
		}},
		{Name: "a watch list comes compressed to who takes that, and what was sent can be read", run: func(p *probe) {
			p.create("a")
			w := p.watch(p.in("configmaps"), watchList, "Accept-Encoding", "gzip")
			if got := w.resp.Header.Get("Content-Encoding"); got != "gzip" {
				p.fatalf("the encoding is %q", got)
			}
			z, err := gzip.NewReader(w.resp.Body)
			p.must(err)
			w.json = json.NewDecoder(z)
			w.expect("ADDED a", "BOOKMARK end")
		}},
	}
}

// same compares two objects by their JSON.
func (p *probe) same(what string, got, want any) {
	a, err := json.Marshal(got)
	p.must(err)
	b, err := json.Marshal(want)
	p.must(err)
	if !bytes.Equal(a, b) {
		p.errorf("%s differs:\n %s\n %s", what, a, b)
	}
}
