package kind

import (
	"encoding/json"
	"errors"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

var widget = Of[*Widget](addWidgets)

// Widget is a custom kind that decodes fast, with what custom kinds are made of.
type Widget struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec   WidgetSpec   `json:"spec"`
	Status WidgetStatus `json:"status,omitzero"`
}

// WidgetSpec is the spec of a Widget.
type WidgetSpec struct {
	Shared     `json:",inline"`
	WidgetBase `json:",inline"`
	Image      string                                  `json:"image"`
	Replicas   *int32                                  `json:"replicas,omitempty"`
	Tiny       int8                                    `json:"tiny,omitempty"`
	Natural    uint16                                  `json:"natural,omitempty"`
	Large      uint64                                  `json:"large,omitempty"`
	Weight     float32                                 `json:"weight,omitempty"`
	Ratio      *float64                                `json:"ratio,omitempty"`
	Port       intstr.IntOrString                      `json:"port"`
	Surge      *intstr.IntOrString                     `json:"surge,omitempty"`
	Resources  map[string]map[string]resource.Quantity `json:"resources,omitempty"`
	Config     map[string]*Shared                      `json:"config,omitempty"`
	Flags      map[Flag][]bool                         `json:"flags,omitempty"`
	Selector   *metav1.LabelSelector                   `json:"selector,omitempty"`
	Timeout    *metav1.Duration                        `json:"timeout,omitempty"`
	Extra      runtime.RawExtension                    `json:"extra"`
	Any        json.RawMessage                         `json:"any,omitempty"`
	Data       []byte                                  `json:"data,omitempty"`
	Chunks     [][]byte                                `json:"chunks,omitempty"`
	Parts      []WidgetSpec                            `json:"parts,omitempty"`
	Child      *WidgetSpec                             `json:"child,omitempty"`
	Empty      struct{}                                `json:"empty"`
	Level      level                                   `json:"level"`
	Word       *word                                   `json:"word,omitempty"`
	Skipped    any                                     `json:"-"`
	Plain      int
}

// WidgetBase is embedded without a name of its own, two levels deep.
type WidgetBase struct {
	WidgetCore `json:",inline"`
	Zone       Flag `json:"zone,omitempty"`
}

// WidgetCore is embedded in what is embedded.
type WidgetCore struct {
	UID types.UID `json:"uid,omitempty"`
}

// Flag is a string with a name.
type Flag string

// WidgetStatus is the status of a Widget.
type WidgetStatus struct {
	ObservedGeneration int64              `json:"observedGeneration,omitempty"`
	Conditions         []metav1.Condition `json:"conditions,omitempty"`
	At                 metav1.Time        `json:"at"`
	Seen               *metav1.Time       `json:"seen,omitempty"`
	Exact              *metav1.MicroTime  `json:"exact,omitempty"`
	Capacity           resource.Quantity  `json:"capacity"`
}

// level decodes itself from any JSON, and says which.
type level struct{ said string }

func (l *level) UnmarshalJSON(raw []byte) error {
	if string(raw) == `"panic"` {
		panic("level")
	}
	if string(raw) == `"wrong"` {
		return errors.New("wrong")
	}
	l.said += string(raw)
	return nil
}

// word decodes itself from strings, and says which.
type word struct{ said string }

func (w *word) UnmarshalText(text []byte) error {
	if strings.HasPrefix(string(text), "wrong") {
		return errors.New("wrong")
	}
	w.said += string(text)
	return nil
}

// DeepCopyObject implements runtime.Object.
func (w *Widget) DeepCopyObject() runtime.Object {
	c := *w
	w.DeepCopyInto(&c.ObjectMeta)
	return &c
}

func addWidgets(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(gadgets, &Widget{})
	metav1.AddToGroupVersion(scheme, gadgets)
	return nil
}

// widgetJSON is a Widget with a value in every field, as an API server sends it.
const widgetJSON = `{"apiVersion":"test.example.com/v1","kind":"Widget","metadata":{"name":"shop","namespace":"demo","uid":"6f1c","resourceVersion":"42",
"generation":3,"creationTimestamp":"2026-03-04T05:06:07Z","labels":{"app":"shop","tier":"front"},"annotations":{"note":"a \"quoted\" \u00fc"},
"ownerReferences":[{"apiVersion":"v1","kind":"Owner","name":"o","uid":"u","controller":true}],"finalizers":["example.com/cleanup"],
"managedFields":[{"manager":"m","operation":"Apply","time":"2026-03-04T05:06:07Z","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:image":{}}}}]},
"spec":{"owner":"me","uid":"x","zone":"z","image":"registry.example.com/shop:v1","replicas":3,"tiny":-128,"natural":65535,"large":18446744073709551615,"weight":0.1,"ratio":1.5e3,
"port":"http","surge":25,"resources":{"limits":{"cpu":"500m","memory":"1Gi"},"requests":{}},"config":{"a":{"owner":"b"},"n":null},"flags":{"f":[true,false]},
"selector":{"matchLabels":{"app":"shop"},"matchExpressions":[{"key":"k","operator":"In","values":["v"]}]},"timeout":"1m0s","extra":{"b":[1, 2],"a":{}},"any":[1,{"x":null}],
"data":"aGVsbG8=","chunks":["","YQ=="],"parts":[{"image":"p","port":1},null],"child":{"child":{"Plain":7}},"empty":{"ignored":1},"level":{"any":1},"word":"w\u006frd","Plain":5,"unknown":{"a":[{}]}},
"status":{"observedGeneration":9007199254740993,"conditions":[{"type":"Ready","status":"True","lastTransitionTime":"2026-03-04T05:06:07+02:00","reason":"R","message":"m"}],
"at":null,"seen":"2026-03-04T05:06:07.123456789Z","exact":"2026-03-04T05:06:07.123456Z","capacity":1.5}}`
