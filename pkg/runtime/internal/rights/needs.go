package rights

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/plan"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// What Kubernetes Events and Leases are to an authorizer.
var (
	anyEvent = subject{Group: kind.Event.Resource().Group, Resource: kind.Event.Resource().Plural}
	anyLease = subject{Group: kind.Lease.Resource().Group, Resource: kind.Lease.Resource().Plural}
)

// subject is what a right is about: all objects of a resource, or the one of a name, in a namespace, or with none in the
// whole cluster.
type subject struct {
	Namespace, Group, Resource, Name string
}

// Need is why some verbs on a subject are needed.
type Need struct {
	subject
	Verbs []string
	why   string // for people
	who   string // capability/binding
	spare bool   // the program works without: it takes another way, or leaves out what is for people
}

// Needed are what the plan's requests need, and the requests that the runtime makes in addition.
func Needed(p *plan.Plan) []Need {
	var all []Need
	for _, b := range p.Bindings {
		who := b.Capability + "/" + b.Binding
		for _, t := range b.Targets {
			s := subjectOf(t)
			all = append(all, Need{subject: s, Verbs: []string{"list", "watch"}, who: who})
			if existenceChecks(p, b, t) {
				all = append(all, Need{subject: subjectOf(p.Carrier[t]), Verbs: []string{"get"}, why: "to tell Left from Deleted", who: who})
			}
			if len(b.Triggers) > 0 {
				all = append(all, Need{subject: s, Verbs: []string{"get"}, why: "of what a trigger wakes", who: who, spare: true})
			}
			if b.Finalizer != "" {
				all = append(all, Need{subject: s, Verbs: []string{"get", "patch"}, why: "for the finalizer " + b.Finalizer, who: who})
			}
			all = append(all, Need{subject: eventsAbout(t), Verbs: []string{"create", "patch"}, why: "of Kubernetes Events about objects", who: who, spare: true})
		}
		for _, t := range b.Triggers {
			for _, target := range t.Source.Targets {
				all = append(all, Need{subject: subjectOf(target), Verbs: []string{"list", "watch"}, why: "as a trigger", who: who})
			}
		}
	}
	return all
}

// existenceChecks says whether single objects are read, since a stream does not tell which of them left and which are gone.
func existenceChecks(p *plan.Plan, b *compile.Compiled, t watcher.Target) bool {
	return p.Carrier[t].Ambiguous() && (b.Takes(queue.Left, false) || b.Takes(queue.Deleted, false))
}

// ForLease are the needs of leader election. An object that is not there has no name to an authorizer, so that create is
// about all Leases of the namespace.
func ForLease(lease types.NamespacedName) []Need {
	all := anyLease
	all.Namespace = lease.Namespace
	one := all
	one.Name = lease.Name
	events := anyEvent
	events.Namespace = lease.Namespace
	const why, who = "for leader election", "the runtime"
	return []Need{
		{subject: all, Verbs: []string{"create"}, why: why, who: who},
		{subject: one, Verbs: []string{"get", "list", "watch", "update"}, why: why, who: who},
		{subject: events, Verbs: []string{"create", "patch"}, why: "of Kubernetes Events about the leader", who: who, spare: true},
	}
}

// subjectOf is what an authorizer sees of a request for a target: with a name, if the field selector asks for one.
func subjectOf(t watcher.Target) subject {
	s := subject{Namespace: t.Namespace, Group: t.Resource.Group, Resource: t.Resource.Plural}
	if sel, err := fields.ParseSelector(t.Fields); err == nil {
		s.Name, _ = sel.RequiresExactMatch(metav1.ObjectNameField)
	}
	return s
}

// eventsAbout is where client-go's recorder puts Events about a target's objects: beside these, and in the namespace
// default where they have none.
func eventsAbout(t watcher.Target) subject {
	s := anyEvent
	s.Namespace = t.Namespace
	if !t.Resource.Namespaced {
		s.Namespace = metav1.NamespaceDefault
	}
	return s
}

// wider lists the subjects that hold s, the widest first, and s itself last.
func (s subject) wider() []subject {
	all := []subject{{"", s.Group, s.Resource, ""}, {s.Namespace, s.Group, s.Resource, ""}, {"", s.Group, s.Resource, s.Name}, s}
	return slices.Compact(all)
}
