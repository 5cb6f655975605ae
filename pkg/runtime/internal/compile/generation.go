package compile

import "github.com/ancho-dev/ancho/pkg/kind"

// generationInCore lists the kinds of the core group whose metadata.generation the API server maintains.
var generationInCore = map[string]bool{"Pod": true, "PodTemplate": true, "ReplicationController": true}

// noGeneration lists the built-in resources outside the core group whose metadata.generation the API server leaves at zero
// (Kubernetes 1.37: the strategies in pkg/registry and in kube-aggregator that do not set it).
var noGeneration = map[string]bool{
	"apiservices.apiregistration.k8s.io":               true,
	"certificatesigningrequests.certificates.k8s.io":   true,
	"clusterrolebindings.rbac.authorization.k8s.io":    true,
	"clusterroles.rbac.authorization.k8s.io":           true,
	"clustertrustbundles.certificates.k8s.io":          true,
	"compositepodgroups.scheduling.k8s.io":             true,
	"controllerrevisions.apps":                         true,
	"csinodes.storage.k8s.io":                          true,
	"csistoragecapacities.storage.k8s.io":              true,
	"events.events.k8s.io":                             true,
	"ipaddresses.networking.k8s.io":                    true,
	"leasecandidates.coordination.k8s.io":              true,
	"leases.coordination.k8s.io":                       true,
	"podcertificaterequests.certificates.k8s.io":       true,
	"podgroups.scheduling.k8s.io":                      true,
	"resourceclaims.resource.k8s.io":                   true,
	"resourceclaimtemplates.resource.k8s.io":           true,
	"resourcepoolstatusrequests.resource.k8s.io":       true,
	"rolebindings.rbac.authorization.k8s.io":           true,
	"roles.rbac.authorization.k8s.io":                  true,
	"runtimeclasses.node.k8s.io":                       true,
	"servicecidrs.networking.k8s.io":                   true,
	"storageclasses.storage.k8s.io":                    true,
	"storageversionmigrations.storagemigration.k8s.io": true,
	"storageversions.internal.apiserver.k8s.io":        true,
	"volumeattachments.storage.k8s.io":                 true,
	"volumeattributesclasses.storage.k8s.io":           true,
	"workloads.scheduling.k8s.io":                      true,
}

// countsGeneration says whether the API server maintains metadata.generation for a resource. It does for every custom
// resource.
func countsGeneration(r kind.Resource) bool {
	if r.Group == "" {
		return generationInCore[r.Kind]
	}
	return !noGeneration[r.String()]
}
