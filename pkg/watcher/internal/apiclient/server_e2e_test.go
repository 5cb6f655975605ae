//go:build e2e

package apiclient

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/ancho-dev/ancho/internal/testenv"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// What a real API server sends in each form that is asked for is read, and says the same.
func TestRealAnswers(t *testing.T) {
	const objects = 60
	env, err := testenv.Start(t.Context(), testenv.Options{APIServerArgs: []string{"--feature-gates=CBORServingAndStorage=true"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := env.Stop(); err != nil {
			t.Error(err)
		}
	})
	clients, err := kubernetes.NewForConfig(env.Config)
	if err != nil {
		t.Fatal(err)
	}
	for i := range objects {
		object := &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{
				Name: fmt.Sprint("m-", i), Labels: map[string]string{"e2e": "yes"}, Finalizers: []string{"example.com/keep"},
				Annotations:     map[string]string{"note": strings.Repeat("\"é\n", 500)},
				OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "o", UID: "u", Controller: new(true)}},
			},
			Data: map[string]string{"k": strings.Repeat("x", 4000)},
		}
		if _, err := clients.CoreV1().ConfigMaps("default").Create(t.Context(), object, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	protobuf := kind.Resource{Version: "v1", Kind: "ConfigMap", Plural: "configmaps", Namespaced: true, Protobuf: true}
	asJSON, metadata, metadataJSON := protobuf, protobuf, protobuf
	asJSON.Protobuf, metadataJSON.Protobuf = false, false
	metadata.Metadata, metadataJSON.Metadata = true, true
	resources := map[string]kind.Resource{"protobuf": protobuf, "JSON": asJSON, "metadata": metadata, "metadata as JSON": metadataJSON}

	var tooLarge []func() // each takes seconds: together
	for encoding, opts := range map[string][]ServerOption{
		"identity": {WithoutCompression()}, "gzip": nil, "CBOR": {WithCBOR(), WithoutCompression()}, "CBOR and gzip": {WithCBOR()},
	} {
		s, err := NewServer(env.Config, opts...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.CloseIdleConnections)
		var want map[string]wire.Meta
		for name, r := range resources {
			target := Target{Resource: r, Namespace: "default", Labels: "e2e=yes"}
			tooLarge = append(tooLarge, func() { realTooLarge(t, s, target) })
			t.Run(encoding+" "+name, func(t *testing.T) {
				listed, watched := realList(t, s, target), realWatch(t, s, target)
				if len(listed) != objects || !reflect.DeepEqual(listed, watched) {
					t.Errorf("%d objects by list, %d by watch", len(listed), len(watched))
				}
				if want == nil {
					want = listed
				}
				if !reflect.DeepEqual(listed, want) {
					t.Error("the metadata differs from that in another form")
				}
				if m := listed["m-7"]; m.UID == "" || len(noteOf(&m)) != 2000 || len(m.Owners) != 1 || !m.Owners[0].Controller || len(m.Finalizers) != 1 {
					t.Errorf("%+v", m)
				}
				realRefusals(t, s, target)
			})
		}
	}
	var asked sync.WaitGroup
	for _, ask := range tooLarge {
		asked.Go(ask)
	}
	asked.Wait()
	s, err := NewServer(env.Config, WithCBOR())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.CloseIdleConnections)
	t.Run("lookup", func(t *testing.T) { realLookups(t, s, resources) })
	t.Run("discovery", func(t *testing.T) { realDiscovery(t, s) })
	for _, step := range []func() error{env.KillAPIServer, env.Compact, env.StartAPIServer} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	for name, r := range resources {
		t.Run("expired "+name, func(t *testing.T) { realExpiry(t, s, Target{Resource: r}) })
	}
}

// realList reads all pages.
func realList(t *testing.T, s *Server, target Target) map[string]wire.Meta {
	t.Helper()
	out := map[string]wire.Meta{}
	for p := (ListParams{Limit: 25}); ; {
		resp, err := s.List(t.Context(), target, p)
		if err != nil {
			t.Fatal(err)
		}
		realMedia(t, s, target, resp, "application/cbor")
		items, err := resp.Items(wire.ReaderOptions{})
		for err == nil {
			var f *wire.Frame
			if f, err = items.Next(); err == nil {
				out[f.Meta.Name] = f.Meta.Clone()
			}
		}
		_ = resp.Close()
		if !errors.Is(err, io.EOF) || items.Meta().ResourceVersion == "" {
			t.Fatalf("%v, %+v", err, items.Meta())
		}
		if p.Continue = items.Meta().Continue; p.Continue == "" {
			return out
		}
	}
}

// realMedia looks at what an answer came as.
func realMedia(t *testing.T, s *Server, target Target, resp *Response, cbor string) {
	t.Helper()
	want := acceptJSON
	switch {
	case target.Resource.Protobuf:
		want = acceptProtobuf
	case s.cbor:
		want = cbor
	}
	if got, _, _ := strings.Cut(resp.ContentType, ";"); !resp.OK() || got != want {
		t.Errorf("%d, %s, want %s", resp.Code, resp.ContentType, want)
	}
}

// realWatch reads the initial events.
func realWatch(t *testing.T, s *Server, target Target) map[string]wire.Meta {
	t.Helper()
	resp, err := s.Watch(t.Context(), target, WatchParams{Initial: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Close() }()
	realMedia(t, s, target, resp, "application/cbor-seq")
	if got := resp.Header.Get("Content-Encoding"); (got == "gzip") == s.plain {
		t.Errorf("content encoding %q", got)
	}
	frames, err := resp.Frames(wire.ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]wire.Meta{}
	for {
		f, err := frames.Next() // hangs, were the last bytes of the snapshot held back
		switch {
		case err != nil:
			t.Fatal(err)
		case f.Type == wire.Bookmark && wire.InitialEventsEnd(&f.Meta):
			return out
		case f.Type == wire.Added:
			out[f.Meta.Name] = f.Meta.Clone()
		default:
			t.Errorf("%s in a snapshot", f.Type)
		}
	}
}

// realRefusals are error answers in the negotiated form.
func realRefusals(t *testing.T, s *Server, target Target) {
	t.Helper()
	target.Fields = "spec.nothing=x"
	resp, err := s.Watch(t.Context(), target, WatchParams{Initial: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := resp.Status(); resp.OK() || got.Code != http.StatusBadRequest || got.Reason != metav1.StatusReasonBadRequest {
		t.Errorf("a field that is not to be selected by: %s %+v", resp.ContentType, got)
	}
	_ = resp.Close()
	target.Fields = ""
	if resp, err = s.List(t.Context(), target, ListParams{Continue: "rubbish"}); err != nil {
		t.Fatal(err)
	}
	if got := resp.Status(); got.Code != http.StatusBadRequest || got.Reason == "" {
		t.Errorf("a wrong token: %s %+v", resp.ContentType, got)
	}
	_ = resp.Close()
}

// realTooLarge asks for a version that is not there yet, on which the server waits for some seconds.
func realTooLarge(t *testing.T, s *Server, target Target) {
	t.Helper()
	resp, err := s.List(t.Context(), target, ListParams{RV: "99999999", Match: "NotOlderThan"})
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = resp.Close() }()
	if d, ok := wire.StatusRetryAfter(resp.Status()); resp.Code != http.StatusGatewayTimeout || !ok || d <= 0 {
		t.Errorf("a version that is too large: %d %s %+v", resp.Code, resp.ContentType, resp.Status())
	}
}

// realExpiry begins where the server's history does not reach: an ERROR event inside an answer that is fine.
func realExpiry(t *testing.T, s *Server, target Target) {
	t.Helper()
	resp, err := s.Watch(t.Context(), target, WatchParams{RV: "1"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Close() }()
	frames, err := resp.Frames(wire.ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := frames.Next()
	if err != nil || f.Type != wire.Error {
		t.Fatalf("%s, %v", f.Type, err)
	}
	if got := wire.FrameStatus(f); got.Code != http.StatusGone || got.Reason != metav1.StatusReasonExpired {
		t.Errorf("%s: %+v", resp.ContentType, got)
	}
}

func realLookups(t *testing.T, s *Server, resources map[string]kind.Resource) {
	t.Helper()
	for name, r := range resources {
		if m, found, err := s.Lookup(t.Context(), r, "default", "m-3"); err != nil || !found || m.UID == "" || m.Name != "m-3" {
			t.Errorf("%s: %+v, %v, %v", name, m, found, err)
		}
		if _, found, err := s.Lookup(t.Context(), r, "default", "nothing"); err != nil || found {
			t.Errorf("%s: what is not there: %v, %v", name, found, err)
		}
		if _, found, err := s.Lookup(t.Context(), r, "no-such-namespace", "nothing"); err != nil || found {
			t.Errorf("%s: in a namespace that is not there: %v, %v", name, found, err)
		}
	}
	if _, found, err := s.Lookup(t.Context(), webAppResource, "default", "shop"); err == nil || found {
		t.Errorf("what is not served: %v, %v", found, err)
	}
}

func realDiscovery(t *testing.T, s *Server) {
	t.Helper()
	wrongScope := kind.Resource{Version: "v1", Kind: "Node", Plural: "nodes", Namespaced: true}
	wrongPlural := kind.Resource{Version: "v1", Kind: "Endpoints", Plural: "endpointses", Namespaced: true}
	wrongVersion := kind.Resource{Group: "apps", Version: "v1beta9", Kind: "Deployment", Plural: "deployments", Namespaced: true}
	unwatchable := kind.Resource{Group: "authorization.k8s.io", Version: "v1", Kind: "SubjectAccessReview", Plural: "subjectaccessreviews"}
	for _, c := range []struct {
		r           kind.Resource
		served, any bool
		message     string
	}{
		{podResource, true, true, ""},
		{deploymentResource, true, true, ""},
		{wrongScope, false, true, "ClusterScoped()"},
		{wrongPlural, false, false, `Plural("endpoints")`},
		{wrongVersion, false, true, "in v1, not in v1beta9"},
		{webAppResource, false, false, "does not serve the API group"},
		{unwatchable, false, true, "can only be created"},
	} {
		got, err := s.Discover(t.Context(), c.r)
		if err != nil || got.Served != c.served || got.AnyVersion != c.any || !strings.Contains(got.Message, c.message) {
			t.Errorf("%s: %+v, %v", c.r, got, err)
		}
	}
}

func noteOf(m *wire.Meta) string {
	note, _ := m.Annotations.Get("note")
	return note
}
