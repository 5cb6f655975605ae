package fake

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/sets"
)

// Resources differ in small things. The tables name the built-in ones as kind.Resource.String does; all custom resources
// are alike: they have a generation, and an update has to say which state it is for.

var withGeneration = sets.New(
	"customresourcedefinitions.apiextensions.k8s.io",
	"daemonsets.apps", "deployments.apps", "replicasets.apps", "statefulsets.apps",
	"cronjobs.batch", "jobs.batch", "horizontalpodautoscalers.autoscaling",
	"deviceclasses.resource.k8s.io", "devicetaintrules.resource.k8s.io", "resourceslices.resource.k8s.io",
	"endpointslices.discovery.k8s.io", "priorityclasses.scheduling.k8s.io",
	"evictionrequests.lifecycle.k8s.io", "evictions.lifecycle.k8s.io",
	"flowschemas.flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
	"ingressclasses.networking.k8s.io", "ingresses.networking.k8s.io", "networkpolicies.networking.k8s.io",
	"mutatingadmissionpolicies.admissionregistration.k8s.io", "mutatingadmissionpolicybindings.admissionregistration.k8s.io",
	"mutatingwebhookconfigurations.admissionregistration.k8s.io",
	"validatingadmissionpolicies.admissionregistration.k8s.io", "validatingadmissionpolicybindings.admissionregistration.k8s.io",
	"validatingwebhookconfigurations.admissionregistration.k8s.io",
	"pods", "podtemplates", "replicationcontrollers", "poddisruptionbudgets.policy",
)

// conditional are those whose update has to name the resourceVersion.
var conditional = sets.New(
	"apiservices.apiregistration.k8s.io", "customresourcedefinitions.apiextensions.k8s.io",
	"clustertrustbundles.certificates.k8s.io", "podcertificaterequests.certificates.k8s.io",
	"compositepodgroups.scheduling.k8s.io", "podgroups.scheduling.k8s.io", "workloads.scheduling.k8s.io",
	"csidrivers.storage.k8s.io", "csinodes.storage.k8s.io", "csistoragecapacities.storage.k8s.io",
	"volumeattachments.storage.k8s.io", "storageversionmigrations.storagemigration.k8s.io",
	"storageversions.internal.apiserver.k8s.io", "resourcepoolstatusrequests.resource.k8s.io",
	"evictionrequests.lifecycle.k8s.io", "evictions.lifecycle.k8s.io",
	"leases.coordination.k8s.io", "leasecandidates.coordination.k8s.io",
	"mutatingadmissionpolicies.admissionregistration.k8s.io", "mutatingadmissionpolicybindings.admissionregistration.k8s.io",
	"mutatingwebhookconfigurations.admissionregistration.k8s.io",
	"validatingadmissionpolicies.admissionregistration.k8s.io", "validatingadmissionpolicybindings.admissionregistration.k8s.io",
	"poddisruptionbudgets.policy", "runtimeclasses.node.k8s.io",
)

// creatable are those that an update creates where they are missing.
var creatable = sets.New(
	"clusterrolebindings.rbac.authorization.k8s.io", "clusterroles.rbac.authorization.k8s.io",
	"rolebindings.rbac.authorization.k8s.io", "roles.rbac.authorization.k8s.io",
	"endpoints", "events", "events.events.k8s.io", "limitranges", "services",
	"leasecandidates.coordination.k8s.io", "leases.coordination.k8s.io", "runtimeclasses.node.k8s.io",
)

// shownDeleted are those whose deletion is answered with the object rather than with a Status.
var shownDeleted = sets.New(
	"csidrivers.storage.k8s.io", "csinodes.storage.k8s.io", "storageclasses.storage.k8s.io",
	"volumeattachments.storage.k8s.io", "volumeattributesclasses.storage.k8s.io",
	"deviceclasses.resource.k8s.io", "resourceclaims.resource.k8s.io", "resourceclaimtemplates.resource.k8s.io",
	"resourcepoolstatusrequests.resource.k8s.io", "resourceslices.resource.k8s.io",
	"namespaces", "persistentvolumeclaims", "persistentvolumes", "pods", "podtemplates", "resourcequotas",
	"serviceaccounts", "services",
)

// statusOnly are those whose path for the status leaves the metadata alone, as that of a custom resource does.
var statusOnly = sets.New(
	"apiservices.apiregistration.k8s.io", "customresourcedefinitions.apiextensions.k8s.io",
	"podcertificaterequests.certificates.k8s.io", "compositepodgroups.scheduling.k8s.io", "podgroups.scheduling.k8s.io",
	"servicecidrs.networking.k8s.io", "storageversionmigrations.storagemigration.k8s.io",
	"devicetaintrules.resource.k8s.io", "resourceclaims.resource.k8s.io", "resourcepoolstatusrequests.resource.k8s.io",
	"storageversions.internal.apiserver.k8s.io", "volumeattachments.storage.k8s.io",
	"flowschemas.flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
	"evictionrequests.lifecycle.k8s.io", "evictions.lifecycle.k8s.io",
	"validatingadmissionpolicies.admissionregistration.k8s.io",
)

// anyName are those whose names may be anything that can stand in a path.
var anyName = sets.New(
	"clusterrolebindings.rbac.authorization.k8s.io", "clusterroles.rbac.authorization.k8s.io",
	"rolebindings.rbac.authorization.k8s.io", "roles.rbac.authorization.k8s.io",
	"clustertrustbundles.certificates.k8s.io", "ipaddresses.networking.k8s.io",
)

func (w *writer) in(builtin sets.Set[string]) bool {
	return w.collection.builtin && builtin.Has(w.resource.String())
}

// isOne tells whether the resource is one of a few built-in ones.
func (w *writer) isOne(names ...string) bool {
	return w.collection.builtin && slices.Contains(names, w.resource.String())
}

func (w *writer) hasGeneration() bool { return !w.collection.builtin || w.in(withGeneration) }

// unconditional tells whether an update may leave out which state it is for.
func (w *writer) unconditional() bool { return w.collection.builtin && !w.in(conditional) }
