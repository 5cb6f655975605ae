package fake

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apitypes "k8s.io/apimachinery/pkg/types"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// Put stores an object as it is, without a request. It returns its resourceVersion.
func (s *Server) Put(t *testing.T, k kind.Any, content map[string]any) string {
	t.Helper()
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	c, r := s.collectionOf(t, k), k.Resource()
	content["apiVersion"], content["kind"] = r.APIVersion(), r.Kind
	is := stamped(content, s.store.next())
	s.store.commit(c, c.objects[is.key()], is)
	return is.GetResourceVersion()
}

// Remove takes an object away, without a request.
func (s *Server) Remove(t *testing.T, k kind.Any, namespace, name string) {
	t.Helper()
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	c := s.collectionOf(t, k)
	was := c.objects[key{namespace, name}]
	if was == nil {
		t.Fatalf("there is no %s %s/%s", k.Resource(), namespace, name)
	}
	s.store.next()
	s.store.commit(c, was, nil)
}

func (s *Server) collectionOf(t *testing.T, k kind.Any) *collection {
	t.Helper()
	c, ok := s.store.collections[k.Resource().GVR().GroupResource()]
	if !ok {
		t.Fatalf("%s is not served", k.Resource())
	}
	return c
}

// Named is the content of an object in the namespace default; labels are pairs of a name and a value.
func Named(name string, labels ...string) map[string]any {
	o := unstructured.Unstructured{Object: map[string]any{}}
	o.SetName(name)
	o.SetNamespace("default")
	o.SetUID(apitypes.UID("uid-" + name))
	for i := 0; i+1 < len(labels); i += 2 {
		l := o.GetLabels()
		if l == nil {
			l = map[string]string{}
		}
		l[labels[i]] = labels[i+1]
		o.SetLabels(l)
	}
	return o.Object
}
