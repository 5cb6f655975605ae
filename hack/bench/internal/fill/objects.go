package fill

import (
	"fmt"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/ancho-dev/ancho/hack/bench/internal/contender"
	"github.com/ancho-dev/ancho/hack/bench/internal/widget"
)

// Namespaces is how many namespaces the objects are spread over.
const Namespaces = 100

// began is the time in all objects, so that every fill is the same.
var began = metav1.NewTime(time.Date(2026, time.March, 2, 8, 30, 0, 0, time.UTC))

// Namespace is the name of one of the Namespaces.
func Namespace(i int) string { return fmt.Sprintf("bench-%03d", i) }

// namespaceOf is where object i of n is. Objects of one namespace follow each other, so that the order of the
// numbers is that of the keys in which a server sends them.
func namespaceOf(i, n int) string { return Namespace(i * Namespaces / n) }

func nameOf(kind string, i int) string { return fmt.Sprintf("%s-7d9c5b8f66-%06d", kind, i) }

// meta is what all objects have in common.
func meta(kind string, i, n int) metav1.ObjectMeta {
	app := "app-" + strconv.Itoa(i%200)
	m := metav1.ObjectMeta{
		Namespace: namespaceOf(i, n),
		Name:      nameOf(kind, i),
		Labels: map[string]string{
			"app.kubernetes.io/name":       app,
			"app.kubernetes.io/instance":   app + "-production",
			"app.kubernetes.io/managed-by": "Helm",
			"pod-template-hash":            "7d9c5b8f66",
		},
		Annotations: map[string]string{
			contender.ShardAnnotation:           strconv.Itoa(i % contender.Shards),
			"checksum/config":                   "5e2c0a4d7b19f8c3a6e1d0b5f4928374650adcbe98f7761524330415263748a9",
			"prometheus.io/port":                "9090",
			"k8s.v1.cni.cncf.io/network-status": networks,
		},
	}
	if i%100 == 99 || i == n-1 && n < 100 {
		m.Annotations[contender.KeepAnnotation] = "yes"
	}
	return m
}

// Pod is Pod i of n, as it is created.
func Pod(i, n int) *corev1.Pod {
	yes, no := true, false
	grace, seconds, group := int64(30), int64(300), int64(2000)
	controller := metav1.OwnerReference{
		APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web-7d9c5b8f66", UID: "8a7d6c5b-4e3f-4a2b-9c1d-0e9f8a7b6c5d",
		Controller: &yes, BlockOwnerDeletion: &yes,
	}
	m := meta("web", i, n)
	m.OwnerReferences = []metav1.OwnerReference{controller}
	return &corev1.Pod{
		ObjectMeta: m,
		Spec: corev1.PodSpec{
			NodeName:                      "node-" + strconv.Itoa(i%500),
			ServiceAccountName:            "web",
			TerminationGracePeriodSeconds: &grace,
			EnableServiceLinks:            &no,
			AutomountServiceAccountToken:  &no,
			SecurityContext:               &corev1.PodSecurityContext{RunAsNonRoot: &yes, FSGroup: &group},
			Tolerations: []corev1.Toleration{
				{Key: "node.kubernetes.io/not-ready", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: &seconds},
				{Key: "node.kubernetes.io/unreachable", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: &seconds},
			},
			Containers: []corev1.Container{container("server", 8080)},
			Volumes: []corev1.Volume{
				{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "web-config"}}}},
				{Name: "tls", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "web-tls"}}},
				{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
			},
		},
	}
}

// networks is what a network plugin notes of a Pod.
const networks = `[{"name":"cluster-network/default","interface":"eth0","ips":["10.244.3.17"],"mac":"0a:58:0a:f4:03:11",` +
	`"mtu":8901,"default":true,"dns":{"nameservers":["10.96.0.10"],"search":["svc.cluster.local","cluster.local"]},` +
	`"gateway":["10.244.3.1"],"routes":[{"dst":"10.244.0.0/16","gw":"10.244.3.1"},{"dst":"10.96.0.0/12","gw":"10.244.3.1"}]},` +
	`{"name":"storage-network/replica","interface":"net1","ips":["172.20.14.101"],"mac":"0a:58:ac:14:0e:65","mtu":9000,"dns":{}}]`

// script is how a container that needs its configuration rendered is started.
const script = `set -eu
mkdir -p /tmp/run /tmp/cache
for name in server tls limits routes features; do
  envsubst < "/etc/web/${name}.tmpl" > "/tmp/run/${name}.yaml"
done
until nc -z "${DATABASE_HOST}" "${DATABASE_PORT}"; do
  echo "waiting for the database at ${DATABASE_HOST}:${DATABASE_PORT}"
  sleep 1
done
exec /usr/local/bin/server --config=/tmp/run/server.yaml "$@"
`

const image = "registry.example.org/platform/web-frontend:2.14.3"

func container(name string, port int32) corev1.Container {
	no := false
	c := corev1.Container{
		Name: name, Image: image, ImagePullPolicy: corev1.PullIfNotPresent,
		Command: []string{"/bin/sh", "-c", script},
		Args: []string{
			"--listen=:8080", "--metrics-listen=:9090", "--log-level=info", "--log-format=json", "--read-timeout=15s", "--write-timeout=30s",
			"--idle-timeout=2m", "--max-header-bytes=32768", "--upstream=catalog.prod.svc:8080", "--upstream=prices.prod.svc:8080",
			"--upstream=search.prod.svc:8080", "--cache-ttl=5m", "--trace-endpoint=http://collector.monitoring.svc:4317", "--trace-ratio=0.01",
			"--allowed-origins=https://shop.example.org,https://www.example.org,https://m.example.org",
		},
		Env: []corev1.EnvVar{
			{Name: "POD_NAME", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.name"}}},
			{Name: "DATABASE_URL", Value: "postgres://web@db.prod.svc:5432/web"},
			{Name: "FEATURES", Value: "checkout-v2,search-suggestions,inline-images,recommendations,price-alerts,gift-cards,wish-lists"},
		},
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{"cpu": resource.MustParse("250m"), "memory": resource.MustParse("256Mi")},
			Limits:   corev1.ResourceList{"cpu": resource.MustParse("1"), "memory": resource.MustParse("512Mi")},
		},
		SecurityContext: &corev1.SecurityContext{AllowPrivilegeEscalation: &no},
		VolumeMounts:    []corev1.VolumeMount{{Name: "config", MountPath: "/etc/web", ReadOnly: true}, {Name: "tmp", MountPath: "/tmp"}},
	}
	get := corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/healthz", Port: intstr.FromInt32(port)}}
	c.Ports = []corev1.ContainerPort{{Name: name, ContainerPort: port}}
	c.LivenessProbe = &corev1.Probe{ProbeHandler: get, InitialDelaySeconds: 10, PeriodSeconds: 10}
	return c
}

// status is what a kubelet writes of a Pod that runs.
func status(p *corev1.Pod) corev1.PodStatus {
	s := corev1.PodStatus{
		Phase: corev1.PodRunning, QOSClass: corev1.PodQOSBurstable, HostIP: "10.0.12.7", PodIP: "10.244.3.17",
		HostIPs: []corev1.HostIP{{IP: "10.0.12.7"}}, PodIPs: []corev1.PodIP{{IP: "10.244.3.17"}}, StartTime: &began,
	}
	for _, t := range []corev1.PodConditionType{"PodReadyToStartContainers", corev1.PodInitialized, corev1.PodReady, corev1.ContainersReady, corev1.PodScheduled} {
		s.Conditions = append(s.Conditions, corev1.PodCondition{Type: t, Status: corev1.ConditionTrue, LastTransitionTime: began})
	}
	for _, c := range p.Spec.Containers {
		s.ContainerStatuses = append(s.ContainerStatuses, containerStatus(c.Name, corev1.ContainerState{
			Running: &corev1.ContainerStateRunning{StartedAt: began},
		}))
	}
	return s
}

const containerID = "containerd://3f1d2c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f001"

func containerStatus(name string, state corev1.ContainerState) corev1.ContainerStatus {
	started := state.Running != nil
	return corev1.ContainerStatus{
		Name: name, State: state, Ready: true, Started: &started, Image: image, ContainerID: containerID,
		ImageID: "registry.example.org/platform/web-frontend@sha256:9b1c2d3e4f5061728394a5b6c7d8e9f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
	}
}

// Widget is custom resource i of n.
func Widget(i, n int) *widget.Widget {
	replicas, weight := int32(3), int64(100)
	w := &widget.Widget{
		TypeMeta:   metav1.TypeMeta{APIVersion: widget.GroupVersion.String(), Kind: "Widget"},
		ObjectMeta: meta("widget", i, n),
		Spec: widget.Spec{
			Image: image, Replicas: &replicas, Interval: &metav1.Duration{Duration: 5 * time.Minute},
			Config: map[string]string{"log.level": "info", "cache.size": "512", "database.host": "db.prod.svc", "database.port": "5432"},
			Resources: corev1.ResourceRequirements{
				Requests: corev1.ResourceList{"cpu": resource.MustParse("250m"), "memory": resource.MustParse("256Mi")},
				Limits:   corev1.ResourceList{"cpu": resource.MustParse("1"), "memory": resource.MustParse("512Mi")},
			},
			Routes: []widget.Route{{
				Host: "shop.example.org", Path: "/api", Port: 8080, Weight: &weight,
				Headers: map[string]string{"x-tenant": "shop", "x-canary": "false"},
			}},
		},
		Status: widget.Status{ObservedGeneration: 1, Ready: 3, LastSync: &began, Endpoints: []string{"10.244.3.17:8080", "10.244.5.9:8080", "10.244.7.23:8080"}},
	}
	for _, t := range []string{"Ready", "Progressing", "Degraded"} {
		w.Status.Conditions = append(w.Status.Conditions, metav1.Condition{
			Type: t, Status: metav1.ConditionTrue, Reason: "AsExpected", Message: "all replicas are available", LastTransitionTime: began,
		})
	}
	return w
}
