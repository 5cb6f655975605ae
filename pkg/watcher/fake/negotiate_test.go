package fake

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/ancho-dev/ancho/pkg/kind"
)

const (
	pb     = "application/vnd.kubernetes.protobuf"
	meta1  = ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
	metas1 = ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
	table  = ";as=Table;v=v1;g=meta.k8s.io"
)

func TestNegotiation(t *testing.T) {
	s := withPods(t, "a")
	s.Put(t, widget, Named("a"))
	const pod, widgets = podList + "/a", "/apis/example.com/v1/widgets"
	for _, c := range []struct {
		path, accept string
		code         int
		contentType  string
		kind         string // of JSON
	}{
		{pod, "", 200, "application/json", "Pod"},
		{pod, "*/*", 200, "application/json", "Pod"},
		{pod, "text/html, application/*", 406, "application/json", "Status"},
		{pod, "application/json;stream=watch", 200, "application/json", "Pod"},
		{pod, "application/json;q=0.5," + pb, 200, pb, ""},
		{pod, pb + ",application/json", 200, pb, ""},
		{pod, pb + meta1, 200, pb, ""},
		{pod, "application/json" + meta1, 200, "application/json", partial},
		{pod, "application/json" + table + ",application/json", 200, "application/json", "Pod"},
		{pod, "application/json" + table, 406, "application/json", "Status"},
		{pod, "application/json" + metas1, 406, "application/json", "Status"},
		{pod, "application/yaml", 200, "application/yaml", ""},
		{pod, "application/yaml" + meta1, 200, "application/yaml", ""},
		{podList + "/b", "application/yaml", 404, "application/yaml", ""},
		{podList, "application/yaml", 200, "application/yaml", ""},
		{podList + "?watch=true", "application/yaml", 406, "application/yaml", ""},
		{pod, "rubbish;;;", 406, "application/json", "Status"},
		{podList, "application/json" + metas1, 200, "application/json", partialList},
		{podList, pb + metas1, 200, pb, ""},
		{podList, "application/json" + meta1, 406, "application/json", "Status"},
		{podList + "?watch=true", "application/cbor-seq", 406, "application/json", "Status"},
		{widgets, pb + ",application/json", 200, "application/json", "WidgetList"},
		{widgets, pb, 406, pb, ""},
		{widgets, "application/yaml", 200, "application/yaml", ""},
		{widgets, pb + metas1, 200, pb, ""},
		{widgets, "application/json" + metas1, 200, "application/json", partialList},
		{podList + "/b", pb, 404, pb, ""},
		{podList + "/b", pb + meta1, 404, "application/json", "Status"},
	} {
		resp, body := read(t, s, c.path, "Accept", c.accept)
		var got metav1.TypeMeta
		if c.kind != "" {
			if err := json.Unmarshal(body, &got); err != nil {
				t.Errorf("%s as %s: %v", c.path, c.accept, err)
			}
		}
		if resp.StatusCode != c.code || resp.Header.Get("Content-Type") != c.contentType || got.Kind != c.kind {
			t.Errorf("%s as %q: %d %s %s", c.path, c.accept, resp.StatusCode, resp.Header.Get("Content-Type"), got.Kind)
		}
	}
}

// unknown opens the envelope of protobuf.
func unknown(t *testing.T, body []byte, into interface{ Unmarshal([]byte) error }) runtime.TypeMeta {
	t.Helper()
	var u runtime.Unknown
	rest, ok := bytes.CutPrefix(body, []byte("k8s\x00"))
	if !ok {
		t.Fatalf("%q", body)
	}
	if err := u.Unmarshal(rest); err != nil {
		t.Fatal(err)
	}
	if err := into.Unmarshal(u.Raw); err != nil {
		t.Fatal(err)
	}
	return u.TypeMeta
}

func TestProtobuf(t *testing.T) {
	s := New()
	o := set(Named("a", "x", "y"), "n1", "spec", "nodeName")
	set(o, []any{map[string]any{"manager": "m", "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": map[string]any{"f:spec": map[string]any{}}}}, "metadata", "managedFields")
	a := s.Put(t, kind.Pod, o)
	var pod corev1.Pod
	_, body := read(t, s, podList+"/a", "Accept", pb)
	if m := unknown(t, body, &pod); m.Kind != "Pod" || m.APIVersion != "v1" || pod.Spec.NodeName != "n1" || pod.ResourceVersion != a || len(pod.ManagedFields) != 1 {
		t.Errorf("%+v %+v", m, pod)
	}
	var pods corev1.PodList
	_, body = read(t, s, podList, "Accept", pb)
	if m := unknown(t, body, &pods); m.Kind != "PodList" || len(pods.Items) != 1 || pods.ResourceVersion != a || pods.Items[0].Labels["x"] != "y" {
		t.Errorf("%+v %+v", m, pods)
	}
	var metas metav1.PartialObjectMetadataList
	_, body = read(t, s, podList, "Accept", pb+metas1)
	if m := unknown(t, body, &metas); m.Kind != partialList || m.APIVersion != "meta.k8s.io/v1" || len(metas.Items) != 1 || metas.Items[0].Labels["x"] != "y" {
		t.Errorf("%+v %+v", m, metas)
	}
	var status metav1.Status
	_, body = read(t, s, podList+"/b", "Accept", pb)
	if m := unknown(t, body, &status); m.Kind != "Status" || status.Code != 404 {
		t.Errorf("%+v %+v", m, status)
	}
}

// frame reads one event of a protobuf watch.
func frame(t *testing.T, in io.Reader) metav1.WatchEvent {
	t.Helper()
	var size [4]byte
	if _, err := io.ReadFull(in, size[:]); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, binary.BigEndian.Uint32(size[:]))
	if _, err := io.ReadFull(in, b); err != nil {
		t.Fatal(err)
	}
	var e metav1.WatchEvent
	if err := e.Unmarshal(b); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestProtobufWatch(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		a := s.Put(t, kind.Pod, Named("a"))
		s.Put(t, widget, Named("w"))
		resp := fetch(t, s, pods, "Accept", pb)
		if got := resp.Header.Get("Content-Type"); got != pb+";stream=watch" {
			t.Error(got)
		}
		var pod corev1.Pod
		e := frame(t, resp.Body)
		if m := unknown(t, e.Object.Raw, &pod); e.Type != "ADDED" || m.Kind != "Pod" || pod.ResourceVersion != a {
			t.Errorf("%s %+v", e.Type, pod)
		}
		var partly metav1.PartialObjectMetadata
		resp = fetch(t, s, "/apis/example.com/v1/widgets?watch=true&allowWatchBookmarks=true", "Accept", pb+meta1)
		e = frame(t, resp.Body)
		if m := unknown(t, e.Object.Raw, &partly); e.Type != "ADDED" || m.Kind != partial || partly.Name != "w" {
			t.Errorf("%s %+v", e.Type, partly)
		}
		e = frame(t, resp.Body)
		if unknown(t, e.Object.Raw, &partly); e.Type != "BOOKMARK" || partly.Annotations[metav1.InitialEventsAnnotationKey] != "true" {
			t.Errorf("%s %+v", e.Type, partly)
		}
		var status metav1.Status
		e = frame(t, fetch(t, s, pods+"&resourceVersion=99999&sendInitialEvents=true&resourceVersionMatch=NotOlderThan", "Accept", pb).Body)
		if m := unknown(t, e.Object.Raw, &status); e.Type != "ERROR" || m.Kind != "Status" || status.Code != 504 {
			t.Errorf("%s %+v", e.Type, status)
		}
	})
}

func TestCompression(t *testing.T) {
	s := New()
	small := s.Put(t, kind.ConfigMap, Named("small"))
	big := Named("big")
	big["data"] = map[string]any{"k": strings.Repeat("x", compressAbove)}
	s.Put(t, kind.ConfigMap, big)
	const maps = "/api/v1/namespaces/default/configmaps"
	for _, c := range []struct{ path, takes, want string }{
		{maps, "gzip", "gzip"},
		{maps, "deflate, gzip;q=1", "gzip"},
		{maps, "gzip;q=0", ""},
		{maps, "", ""},
		{maps + "/small", "gzip", ""},
		{maps + "?watch=true&resourceVersion=" + small, "gzip", ""},
	} {
		resp := fetch(t, s, c.path, "Accept-Encoding", c.takes)
		if got := resp.Header.Get("Content-Encoding"); got != c.want {
			t.Errorf("%s with %q: %q", c.path, c.takes, got)
		}
		if c.want == "gzip" {
			z, err := gzip.NewReader(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			var l listOf
			if err := json.NewDecoder(z).Decode(&l); err != nil || l.names() != "big small" {
				t.Errorf("%v %s", err, l.names())
			}
		}
	}
}

// What was flushed of a compressed snapshot can be read, and what follows it too.
func TestCompressedWatchList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New()
		a := s.Put(t, kind.Pod, Named("a"))
		resp := fetch(t, s, pods+"&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true", "Accept-Encoding", "gzip")
		if resp.Header.Get("Content-Encoding") != "gzip" {
			t.Fatal(resp.Header)
		}
		z, err := gzip.NewReader(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		plain := &http.Response{Body: z}
		if e := decodeEvents(t, plain, 2); e[0].Object.GetResourceVersion() != a || e[1].Type != "BOOKMARK" {
			t.Errorf("%+v", e)
		}
		s.Put(t, kind.Pod, Named("b"))
		if e := decodeEvents(t, plain, 1); e[0].Object.GetName() != "b" {
			t.Errorf("%+v", e)
		}
	})
}
