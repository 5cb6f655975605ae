package kind

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
)

var (
	Pod        = builtin[corev1.Pod]("", "v1", "Pod", "pods", namespaced, corev1.AddToScheme)
	ConfigMap  = builtin[corev1.ConfigMap]("", "v1", "ConfigMap", "configmaps", namespaced, corev1.AddToScheme)
	Secret     = builtin[corev1.Secret]("", "v1", "Secret", "secrets", namespaced, corev1.AddToScheme)
	Service    = builtin[corev1.Service]("", "v1", "Service", "services", namespaced, corev1.AddToScheme)
	LimitRange = builtin[corev1.LimitRange]("", "v1", "LimitRange", "limitranges", namespaced, corev1.AddToScheme)
	Node       = builtin[corev1.Node]("", "v1", "Node", "nodes", clusterScoped, corev1.AddToScheme)
	Namespace  = builtin[corev1.Namespace]("", "v1", "Namespace", "namespaces", clusterScoped, corev1.AddToScheme)
	CoreEvent  = builtin[corev1.Event]("", "v1", "Event", "events", namespaced, corev1.AddToScheme)
	Event      = builtin[eventsv1.Event]("events.k8s.io", "v1", "Event", "events", namespaced, eventsv1.AddToScheme)
	Deployment = builtin[appsv1.Deployment]("apps", "v1", "Deployment", "deployments", namespaced, appsv1.AddToScheme)
)

func Builtin() []Any {
	return []Any{Pod, ConfigMap, Secret, Service, LimitRange, Node, Namespace, CoreEvent, Event, Deployment}
}
