package fake

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"

	"github.com/ancho-dev/ancho/pkg/kind"
)

func TestTypedClient(t *testing.T) {
	for _, contentType := range []string{"application/json", pb} {
		bubble(t, func(t *testing.T, s *Server) {
			config := s.Config()
			config.ContentType = contentType
			config.AcceptContentTypes = contentType
			clients, err := kubernetes.NewForConfig(config)
			if err != nil {
				t.Fatal(err)
			}
			s.Put(t, kind.Pod, set(Named("a", "x", "y"), "n1", "spec", "nodeName"))
			api := clients.CoreV1().Pods("default")
			pod, err := api.Get(t.Context(), "a", metav1.GetOptions{})
			if err != nil || pod.Spec.NodeName != "n1" {
				t.Errorf("%+v, %v", pod, err)
			}
			if _, err = api.Get(t.Context(), "b", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
				t.Error(err)
			}
			l, err := api.List(t.Context(), metav1.ListOptions{LabelSelector: "x=y"})
			if err != nil || len(l.Items) != 1 {
				t.Fatalf("%+v, %v", l, err)
			}
			w, err := api.Watch(t.Context(), metav1.ListOptions{ResourceVersion: l.ResourceVersion})
			if err != nil {
				t.Fatal(err)
			}
			defer w.Stop()
			s.Remove(t, kind.Pod, "default", "a")
			e := <-w.ResultChan()
			if gone, ok := e.Object.(*corev1.Pod); !ok || e.Type != watch.Deleted || gone.Spec.NodeName != "n1" {
				t.Errorf("%+v", e)
			}
			s.Compact()
			w2, err := api.Watch(t.Context(), metav1.ListOptions{ResourceVersion: l.ResourceVersion})
			if err != nil {
				t.Fatal(err)
			}
			defer w2.Stop()
			if e = <-w2.ResultChan(); e.Type != watch.Error || !apierrors.IsResourceExpired(apierrors.FromObject(e.Object)) {
				t.Errorf("%+v", e)
			}
		})
	}
}

func TestDynamicClient(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		client, err := dynamic.NewForConfig(s.Config())
		if err != nil {
			t.Fatal(err)
		}
		s.Put(t, widget, set(Named("a"), "x", "spec", "color"))
		s.Put(t, widget, Named("b"))
		api := client.Resource(widget.Resource().GVR()).Namespace("default")
		l, err := api.List(t.Context(), metav1.ListOptions{Limit: 1})
		if err != nil || len(l.Items) != 1 || l.GetContinue() == "" {
			t.Fatalf("%+v, %v", l, err)
		}
		w, err := api.Watch(t.Context(), metav1.ListOptions{ResourceVersion: l.GetResourceVersion()})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Stop()
		s.Put(t, widget, set(Named("a"), "y", "spec", "color"))
		e := <-w.ResultChan()
		o, ok := e.Object.(*unstructured.Unstructured)
		if !ok || e.Type != watch.Modified {
			t.Fatalf("%+v", e)
		}
		if color, _, _ := unstructured.NestedString(o.Object, "spec", "color"); color != "y" {
			t.Errorf("%+v", o)
		}
	})
}

func TestMetadataClient(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		client, err := metadata.NewForConfig(s.Config())
		if err != nil {
			t.Fatal(err)
		}
		s.Put(t, widget, set(Named("a", "x", "y"), "x", "spec", "color"))
		l, err := client.Resource(widget.Resource().GVR()).List(t.Context(), metav1.ListOptions{})
		if err != nil || len(l.Items) != 1 || l.Items[0].Labels["x"] != "y" {
			t.Errorf("%+v, %v", l, err)
		}
	})
}
