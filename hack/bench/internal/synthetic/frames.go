package synthetic

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

// magic begins every object in protobuf; what follows is a runtime.Unknown.
var magic = []byte("k8s\x00")

// firstRV is the resource version of Pod 0.
const firstRV = 1000

// Pod is Pod i. It is small, its names are as long as names are, and the order of the numbers is that of the keys.
func Pod(i int) *corev1.Pod {
	return &corev1.Pod{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace:       fmt.Sprintf("team-shop-%06d", i/1000),
			Name:            fmt.Sprintf("web-frontend-7d9c5b8f66-%08d", i),
			UID:             types.UID(fmt.Sprintf("5f0c3a1e-7b2d-4c9e-8a64-%012x", i)),
			ResourceVersion: strconv.Itoa(firstRV + i),
			Labels:          map[string]string{"app": "web-frontend", "pod-template-hash": "7d9c5b8f66"},
		},
		Spec:   corev1.PodSpec{NodeName: "node-7", Containers: []corev1.Container{{Name: "server", Image: "registry.example.org/web:2.14.3"}}},
		Status: corev1.PodStatus{Phase: corev1.PodRunning},
	}
}

// bookmark says that the state of the Pods so far is that of a resource version; the last one before live events
// says so, too (KEP-3157).
func bookmark(rv int, initial bool) *corev1.Pod {
	p := &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{ResourceVersion: strconv.Itoa(rv)},
	}
	if initial {
		p.Annotations = map[string]string{metav1.InitialEventsAnnotationKey: "true"}
	}
	return p
}

// appendFrame adds one event of a watch to buf, in protobuf or in JSON.
func appendFrame(buf []byte, protobuf bool, event watch.EventType, p *corev1.Pod) ([]byte, error) {
	if !protobuf {
		object, err := json.Marshal(p)
		if err != nil {
			return nil, err
		}
		line, err := json.Marshal(metav1.WatchEvent{Type: string(event), Object: runtime.RawExtension{Raw: object}})
		if err != nil {
			return nil, err
		}
		return append(append(buf, line...), '\n'), nil
	}
	raw, err := p.Marshal()
	if err != nil {
		return nil, err
	}
	unknown := runtime.Unknown{TypeMeta: runtime.TypeMeta{APIVersion: p.APIVersion, Kind: p.Kind}, Raw: raw}
	body, err := unknown.Marshal()
	if err != nil {
		return nil, err
	}
	e := metav1.WatchEvent{Type: string(event), Object: runtime.RawExtension{Raw: append(slices.Clip(magic), body...)}}
	frame, err := e.Marshal()
	if err != nil {
		return nil, err
	}
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(frame))) //nolint:gosec // some hundred bytes
	return append(buf, frame...), nil
}
