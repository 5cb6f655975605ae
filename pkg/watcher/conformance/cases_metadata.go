package conformance

import (
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// metadataCases are about answers with nothing but metadata.
func metadataCases() []Case {
	return []Case{
		{Name: "metadata alone comes as PartialObjectMetadata, in JSON", Rules: []int{9}, run: func(p *probe) {
			for _, resource := range []string{"configmaps", gizmos} {
				want := p.make(resource, "a")
				one := p.get(p.in(resource, "a"), "Accept", asJSON+asMetadata).is(http.StatusOK)
				one.has("kind", "PartialObjectMetadata").has("apiVersion", "meta.k8s.io/v1").has("metadata/uid", want.uid()).has("spec", "<nil>")
				list := p.get(p.in(resource), "Accept", asJSON+asMetadataList).is(http.StatusOK)
				list.has("kind", "PartialObjectMetadataList").has("apiVersion", "meta.k8s.io/v1")
				items := list.list()
				if len(items) != 1 || items[0].GetKind() != "PartialObjectMetadata" && items[0].GetKind() != "" || string(items[0].GetUID()) != want.uid() {
					p.errorf("the items are %v", items)
				}
				got := p.watch(p.in(resource), watchList, "Accept", asJSON+asMetadata).expect("ADDED a", "BOOKMARK end")
				for _, e := range got {
					if e.Kind != "PartialObjectMetadata" || e.APIVersion != "meta.k8s.io/v1" {
						p.errorf("%s is a %s of %s", e, e.Kind, e.APIVersion)
					}
				}
			}
		}},
		{Name: "metadata alone comes as protobuf, of custom resources too", run: func(p *probe) {
			for _, resource := range []string{"configmaps", gizmos} {
				want := p.make(resource, "a")
				var one metav1.PartialObjectMetadata
				raw := p.get(p.in(resource, "a"), "Accept", asProtobuf+asMetadata).is(http.StatusOK).head("Content-Type", asProtobuf).raw
				is, err := unwrap(raw, &one)
				p.must(err)
				if is.Kind != "PartialObjectMetadata" || string(one.UID) != want.uid() {
					p.errorf("a %s of %s", is.Kind, one.UID)
				}
				var list metav1.PartialObjectMetadataList
				raw = p.get(p.in(resource), "Accept", asProtobuf+asMetadataList).is(http.StatusOK).head("Content-Type", asProtobuf).raw
				is, err = unwrap(raw, &list)
				p.must(err)
				if is.Kind != "PartialObjectMetadataList" || len(list.Items) != 1 || string(list.Items[0].UID) != want.uid() || list.ResourceVersion == "" {
					p.errorf("a %s of %d", is.Kind, len(list.Items))
				}
				got := p.watch(p.in(resource), watchList, "Accept", asProtobuf+asMetadata).expect("ADDED a", "BOOKMARK end")
				if got[0].Kind != "PartialObjectMetadata" || string(got[0].UID) != want.uid() {
					p.errorf("the event is a %s of %s", got[0].Kind, got[0].UID)
				}
			}
		}},
	}
}

// metadataListCases are about lists of metadata.
func metadataListCases() []Case {
	return []Case{
		{Name: "an object is no list of metadata, nor a list an object", Rules: []int{43}, run: func(p *probe) {
			p.create("a")
			p.get(p.in("configmaps", "a"), "Accept", asJSON+asMetadataList).is(http.StatusNotAcceptable)
			p.get(p.in("configmaps"), "Accept", asJSON+asMetadata).is(http.StatusNotAcceptable)
			p.watch(p.in("configmaps"), watchList, "Accept", asJSON+asMetadataList).expect("end")
		}},
		{Name: "metadata is paged and selected as objects are", Rules: []int{14}, run: func(p *probe) {
			p.create("a", `"app":"x"`)
			p.create("b")
			p.create("c", `"app":"x"`)
			a := p.get(p.in("configmaps")+"?limit=2", "Accept", asJSON+asMetadataList).is(http.StatusOK).has("metadata/remainingItemCount", "1")
			if len(a.items()) != 2 || a.at("metadata/continue") == "<nil>" {
				p.errorf("a page of %v", a.items())
			}
			a = p.get(p.in("configmaps")+"?labelSelector=app%3Dx", "Accept", asJSON+asMetadataList).is(http.StatusOK)
			if len(a.items()) != 2 {
				p.errorf("a selection of %v", a.items())
			}
		}},
	}
}
