package runtime

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// What Kubernetes Events and Leases are to an authorizer.
var (
	anyEvent = subject{group: kind.Event.Resource().Group, resource: kind.Event.Resource().Plural}
	anyLease = subject{group: kind.Lease.Resource().Group, resource: kind.Lease.Resource().Plural}
)

// subject is what a right is about: all objects of a resource, or the one of a name, in a namespace, or with none in the
// whole cluster.
type subject struct {
	namespace, group, resource, name string
}

// need is why some verbs on a subject are needed.
type need struct {
	subject
	verbs []string
	why   string // for people
	who   string // capability/binding
	spare bool   // the program works without: it takes another way, or leaves out what is for people
}

// needs are what the plan's requests need, and those that the runtime makes beside them.
func (p *plan) needs() []need {
	var all []need
	for _, b := range p.bindings {
		who := b.Capability + "/" + b.Binding
		for _, t := range b.Targets {
			s := subjectOf(t)
			all = append(all, need{subject: s, verbs: []string{"list", "watch"}, who: who})
			if p.looks(b, t) {
				all = append(all, need{subject: subjectOf(p.carrier[t]), verbs: []string{"get"}, why: "to tell Left from Deleted", who: who})
			}
			if len(b.Triggers) > 0 {
				all = append(all, need{subject: s, verbs: []string{"get"}, why: "of what a trigger wakes", who: who, spare: true})
			}
			if b.Finalizer != "" {
				all = append(all, need{subject: s, verbs: []string{"get", "patch"}, why: "for the finalizer " + b.Finalizer, who: who})
			}
			all = append(all, need{subject: eventsAbout(t), verbs: []string{"create", "patch"}, why: "of Kubernetes Events about objects", who: who, spare: true})
		}
		for _, t := range b.Triggers {
			for _, target := range t.Source.Targets {
				all = append(all, need{subject: subjectOf(target), verbs: []string{"list", "watch"}, why: "as a trigger", who: who})
			}
		}
	}
	return all
}

// looks says whether single objects are read, since a stream does not tell which of them left and which are gone.
func (p *plan) looks(b *capability.Compiled, t watcher.Target) bool {
	return p.carrier[t].Ambiguous() && (b.Takes(capability.Left, false) || b.Takes(capability.Deleted, false))
}

// leaseNeeds are those of leader election. An object that is not there has no name to an authorizer, so that create is
// about all Leases of the namespace.
func leaseNeeds(lease types.NamespacedName) []need {
	all := anyLease
	all.namespace = lease.Namespace
	one := all
	one.name = lease.Name
	events := anyEvent
	events.namespace = lease.Namespace
	const why, who = "for leader election", "the runtime"
	return []need{
		{subject: all, verbs: []string{"create"}, why: why, who: who},
		{subject: one, verbs: []string{"get", "list", "watch", "update"}, why: why, who: who},
		{subject: events, verbs: []string{"create", "patch"}, why: "of Kubernetes Events about the leader", who: who, spare: true},
	}
}

// subjectOf is what an authorizer sees of a request for a target: with a name, if the field selector asks for one.
func subjectOf(t watcher.Target) subject {
	s := subject{namespace: t.Namespace, group: t.Resource.Group, resource: t.Resource.Plural}
	if sel, err := fields.ParseSelector(t.Fields); err == nil {
		s.name, _ = sel.RequiresExactMatch(metav1.ObjectNameField)
	}
	return s
}

// eventsAbout is where client-go's recorder puts Events about a target's objects: beside these, and in the namespace
// default where they have none.
func eventsAbout(t watcher.Target) subject {
	s := anyEvent
	s.namespace = t.Namespace
	if !t.Resource.Namespaced {
		s.namespace = metav1.NamespaceDefault
	}
	return s
}

// wider lists the subjects that hold s, the widest first, and s itself last.
func (s subject) wider() []subject {
	all := []subject{{"", s.group, s.resource, ""}, {s.namespace, s.group, s.resource, ""}, {"", s.group, s.resource, s.name}, s}
	return slices.Compact(all)
}
