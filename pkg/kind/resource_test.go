package kind

import (
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestResourceNames(t *testing.T) {
	core := Resource{Version: "v1", Kind: "Pod", Plural: "pods"}
	apps := Resource{Group: "apps", Version: "v1", Kind: "Deployment", Plural: "deployments"}
	for _, test := range []struct{ got, want any }{
		{core.String(), "pods"},
		{apps.String(), "deployments.apps"},
		{core.APIVersion(), "v1"},
		{apps.APIVersion(), "apps/v1"},
		{apps.GVK(), schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}},
		{apps.GVR(), schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}},
		{Resource{}.String(), ""},
		{JSON.String(), "JSON"},
		{Protobuf.String(), "protobuf"},
		{ProtobufBare.String(), "protobuf without envelope"},
		{Encoding(0).String(), "unknown encoding"},
	} {
		if test.got != test.want {
			t.Errorf("got %v, want %v", test.got, test.want)
		}
	}
}

func TestResourceIsAMapKey(t *testing.T) {
	m := map[Resource]int{Pod.Resource(): 1}
	if m[Pod.Resource()] != 1 || m[Metadata(Pod).Resource()] != 0 {
		t.Errorf("map %v: equal resources must be one key, and metadata another", m)
	}
}
