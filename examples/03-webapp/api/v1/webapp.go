package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// WebApp is a program that answers HTTP requests: copies of it run behind a Service of its name.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=wa
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Available",type=integer,JSONPath=`.status.available`
// +kubebuilder:printcolumn:name="Host",type=string,JSONPath=`.spec.host`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 63 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",message="the name becomes that of a Service: at most 63 of a-z, 0-9 and -, the first a letter"
type WebApp struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is what is wanted.
	Spec WebAppSpec `json:"spec"`
	// Status is what is there.
	// +optional
	Status WebAppStatus `json:"status,omitempty"`
}

// WebAppSpec is what is wanted of a WebApp.
type WebAppSpec struct {
	// Image is the container image.
	// +kubebuilder:validation:MinLength=1
	Image string `json:"image"`
	// Replicas is how many copies run.
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=0
	Replicas *int32 `json:"replicas,omitempty"`
	// Port is where the program listens. The Service listens on 80.
	// +optional
	// +kubebuilder:default=8080
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Port int32 `json:"port,omitempty"`
	// Settings are variables of the program's environment.
	// +optional
	Settings map[string]string `json:"settings,omitempty"`
	// Secret names a Secret of the same namespace whose entries are variables of the environment as well.
	// +optional
	Secret string `json:"secret,omitempty"`
	// Host is the name under which the Service is published; without it, it is not.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
	Host string `json:"host,omitempty"`
}

// Ready is the type of the condition that says whether all copies run. Its reasons are below.
const Ready = "Ready"

// Reasons of the condition Ready.
const (
	ReasonAvailable     = "Available"     // all copies run
	ReasonProgressing   = "Progressing"   // not all copies run yet
	ReasonSecretMissing = "SecretMissing" // there is no Secret of the name in the spec
	ReasonHostTaken     = "HostTaken"     // another WebApp has published the host
)

// WebAppStatus is what is there of a WebApp.
type WebAppStatus struct {
	// ObservedGeneration is the generation of the spec that the rest of the status is about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// Available is how many copies answer requests.
	// +optional
	Available int32 `json:"available"`
	// Conditions has one of the type Ready.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// WebAppList is what a server answers that is asked for several.
//
// +kubebuilder:object:root=true
type WebAppList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []WebApp `json:"items"`
}
