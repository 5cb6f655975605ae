package parts

import (
	"k8s.io/apimachinery/pkg/util/intstr"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	v1 "github.com/ancho-dev/ancho/examples/03-webapp/api/v1"
)

// RevisionAnnotation is on the Pods. It changes with what their environment is made of, so that they are replaced: a
// running program does not see a change of its environment.
const RevisionAnnotation = "webapp.example.com/revision"

// Settings is the ConfigMap of the WebApp's settings.
func Settings(app *v1.WebApp) *corev1ac.ConfigMapApplyConfiguration {
	return corev1ac.ConfigMap(app.Name, app.Namespace).
		WithLabels(labels(app)).
		WithOwnerReferences(owner(app)).
		WithData(app.Spec.Settings)
}

// Service is where the WebApp answers.
func Service(app *v1.WebApp) *corev1ac.ServiceApplyConfiguration {
	return corev1ac.Service(app.Name, app.Namespace).
		WithLabels(labels(app)).
		WithOwnerReferences(owner(app)).
		WithSpec(corev1ac.ServiceSpec().
			WithSelector(labels(app)).
			WithPorts(corev1ac.ServicePort().
				WithName("http").
				WithPort(80).
				WithTargetPort(intstr.FromInt32(app.Spec.Port))))
}

// Deployment runs the WebApp. The revision is that of Revision.
func Deployment(app *v1.WebApp, revision string) *appsv1ac.DeploymentApplyConfiguration {
	container := corev1ac.Container().
		WithName("webapp").
		WithImage(app.Spec.Image).
		WithPorts(corev1ac.ContainerPort().WithName("http").WithContainerPort(app.Spec.Port)).
		WithEnvFrom(corev1ac.EnvFromSource().WithConfigMapRef(corev1ac.ConfigMapEnvSource().WithName(app.Name)))
	if app.Spec.Secret != "" {
		container.WithEnvFrom(corev1ac.EnvFromSource().WithSecretRef(corev1ac.SecretEnvSource().WithName(app.Spec.Secret)))
	}
	return appsv1ac.Deployment(app.Name, app.Namespace).
		WithLabels(labels(app)).
		WithOwnerReferences(owner(app)).
		WithSpec(appsv1ac.DeploymentSpec().
			WithReplicas(copies(app)).
			WithSelector(metav1ac.LabelSelector().WithMatchLabels(labels(app))).
			WithTemplate(corev1ac.PodTemplateSpec().
				WithLabels(labels(app)).
				WithAnnotations(map[string]string{RevisionAnnotation: revision}).
				WithSpec(corev1ac.PodSpec().WithContainers(container))))
}

// copies is how many are wanted. The server fills in the default; an API server in a test may not.
func copies(app *v1.WebApp) int32 {
	if app.Spec.Replicas == nil {
		return 1
	}
	return *app.Spec.Replicas
}

func labels(app *v1.WebApp) map[string]string {
	return map[string]string{"app.kubernetes.io/name": app.Name, "app.kubernetes.io/managed-by": "webapp"}
}

// owner has the garbage collector take away what the WebApp leaves behind, and a controller find the WebApp.
func owner(app *v1.WebApp) *metav1ac.OwnerReferenceApplyConfiguration {
	return metav1ac.OwnerReference().
		WithAPIVersion(v1.GroupVersion.String()).
		WithKind("WebApp").
		WithName(app.Name).
		WithUID(app.UID).
		WithController(true).
		WithBlockOwnerDeletion(true)
}
