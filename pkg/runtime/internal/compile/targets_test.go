package compile_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
)

type pods = capability.Selection[*corev1.Pod]

func TestTargets(t *testing.T) {
	tests := map[string]struct {
		in   func(pods) pods
		want []string
		here []string
	}{
		"all": {
			func(s pods) pods { return s },
			[]string{"/api/v1/pods?watch=true"}, nil,
		},
		"a namespace": {
			func(s pods) pods { return s.InNamespace("a") },
			[]string{"/api/v1/namespaces/a/pods?watch=true"}, nil,
		},
		"namespaces are sorted, without doubles": {
			func(s pods) pods { return s.InNamespace("b", "a", "b") },
			[]string{"/api/v1/namespaces/a/pods?watch=true", "/api/v1/namespaces/b/pods?watch=true"}, nil,
		},
		"namespace steps must all hold": {
			func(s pods) pods { return s.InNamespace("a", "b").InNamespace("b", "c") },
			[]string{"/api/v1/namespaces/b/pods?watch=true"}, nil,
		},
		"wide": {
			func(s pods) pods { return s.InNamespace("b", "a").Wide() },
			[]string{"/api/v1/pods?watch=true"}, []string{"namespace in (a, b)"},
		},
		"wide joins several namespaces only": {
			func(s pods) pods { return s.InNamespace("a").Wide() },
			[]string{"/api/v1/namespaces/a/pods?watch=true"}, nil,
		},
		"a name in a namespace": {
			func(s pods) pods { return s.InNamespace("a").WithName("n") },
			[]string{"/api/v1/namespaces/a/pods?watch=true&fieldSelector=metadata.name%3Dn"}, nil,
		},
		"a name": {
			func(s pods) pods { return s.WithName("n") },
			[]string{"/api/v1/pods?watch=true&fieldSelector=metadata.name%3Dn"}, nil,
		},
		"a target for each name": {
			func(s pods) pods { return s.InNamespace("a").WithName("y", "x") },
			[]string{
				"/api/v1/namespaces/a/pods?watch=true&fieldSelector=metadata.name%3Dx",
				"/api/v1/namespaces/a/pods?watch=true&fieldSelector=metadata.name%3Dy",
			}, nil,
		},
		"labels in one selector": {
			func(s pods) pods { return s.WithLabel("k", "v").WithLabel("x") },
			[]string{"/api/v1/pods?watch=true&labelSelector=k%3Dv%2Cx"}, nil,
		},
		"alternatives of a label": {
			func(s pods) pods { return s.WithLabel("k", "b", "a") },
			[]string{"/api/v1/pods?watch=true&labelSelector=k+in+%28a%2Cb%29"}, nil,
		},
		"name and field in one selector": {
			func(s pods) pods { return s.WithName("n").WithField("spec.nodeName", "w") },
			[]string{"/api/v1/pods?watch=true&fieldSelector=metadata.name%3Dn%2Cspec.nodeName%3Dw"}, nil,
		},
		"a field that is not set": {
			func(s pods) pods { return s.WithField("spec.nodeName", "") },
			[]string{"/api/v1/pods?watch=true&fieldSelector=spec.nodeName%3D"}, nil,
		},
		"metadata fields are names": {
			func(s pods) pods { return s.WithField("metadata.name", "n").WithField("metadata.namespace", "a") },
			[]string{"/api/v1/namespaces/a/pods?watch=true&fieldSelector=metadata.name%3Dn"}, nil,
		},
		"a name's expression is filtered here": {
			func(s pods) pods { return s.WithNameRegex("^web-", "^api-") },
			[]string{"/api/v1/pods?watch=true"}, []string{"name =~ ^api- or ^web-"},
		},
		"expressions choose among listed names": {
			func(s pods) pods { return s.WithName("web-1", "db").WithNameRegex("^web-") },
			[]string{"/api/v1/pods?watch=true&fieldSelector=metadata.name%3Dweb-1"}, nil,
		},
		"a namespace's expression is filtered here": {
			func(s pods) pods { return s.InNamespaceRegex("^team-") },
			[]string{"/api/v1/pods?watch=true"}, []string{"namespace =~ ^team-"},
		},
		"expressions choose among listed namespaces": {
			func(s pods) pods { return s.InNamespaceRegex("^team-").InNamespace("team-a", "kube-system") },
			[]string{"/api/v1/namespaces/team-a/pods?watch=true"}, nil,
		},
		"what is filtered here": {
			func(s pods) pods {
				return s.OnChange(func(p *corev1.Pod) any { return p.Spec.NodeName }).OnSpecChange().
					Where(func(*corev1.Pod) bool { return true }).
					WithDeletionTimestamp().WithAnnotation("b", "2", "1").WithAnnotation("a").WithAnnotation("c", "3")
			},
			[]string{"/api/v1/pods?watch=true"},
			[]string{"annotation a", "annotation b in (1, 2)", "annotation c=3", "deletionTimestamp", "where", "on spec change", "on change"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := one(t, tt.in(capability.When(kind.Pod)).Reconcile(onPod))
			if got := streams(c); !slices.Equal(got, tt.want) {
				t.Errorf("streams\n got %q\nwant %q", got, tt.want)
			}
			if !slices.Equal(c.ClientSide, tt.here) {
				t.Errorf("filtered here\n got %q\nwant %q", c.ClientSide, tt.here)
			}
		})
	}
}

func TestTargetOfGroup(t *testing.T) {
	c := one(t, capability.When(kind.Deployment).Watch(nothing))
	if got, want := streams(c), []string{"/apis/apps/v1/deployments?watch=true"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLabelNormalForm(t *testing.T) {
	tests := map[string]string{
		"k==v":                              "k=v",
		"k in (v)":                          "k=v",
		"k in (a,b),k in (b,c)":             "k=b",
		"k in (a,b,c),k!=b":                 "k in (a,c)",
		"k in (a,b),k":                      "k in (a,b)",
		"k notin (b,a),k!=c":                "k notin (a,b,c)",
		"k,k!=a":                            "k,k!=a",
		"!k,k!=a":                           "!k",
		"k>3,k>5,k<9,k<10":                  "k<9,k>5",
		"k>3,k in (2,4,x)":                  "k=4",
		"k>3,k!=2,k!=7":                     "k!=7,k>3",
		"k=":                                "k=",
		"k in (,a)":                         "k in (,a)",
		"b,a":                               "a,b",
		"in=in,notin notin (in,notin)":      "in=in,notin notin (in,notin)",
		"example.com/x=y,example.com/z!=zz": "example.com/x=y,example.com/z!=zz",
	}
	for in, want := range tests {
		c := one(t, capability.When(kind.Pod).WithLabels(in).Reconcile(onPod))
		if got := c.Targets[0].Labels; got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

func TestCapabilityNamespaces(t *testing.T) {
	pod := func() pods { return capability.When(kind.Pod) }
	tests := map[string]struct {
		of        func(...capability.Binding) *capability.Capability
		namespace string
		in        capability.Binding
		want      string
	}{
		"inherited": {
			func(b ...capability.Binding) *capability.Capability {
				return capability.New("c", b...).InNamespace("b", "a")
			}, "",
			pod().Watch(onPod),
			"/api/v1/namespaces/a/pods?watch=true /api/v1/namespaces/b/pods?watch=true",
		},
		"inherited and narrowed by an expression": {
			func(b ...capability.Binding) *capability.Capability {
				return capability.New("c", b...).InNamespace("b", "a")
			}, "",
			pod().InNamespaceRegex("b").Watch(onPod),
			"/api/v1/namespaces/b/pods?watch=true",
		},
		"both calls must hold": {
			func(b ...capability.Binding) *capability.Capability {
				return capability.New("c", b...).InNamespace("b", "a").InNamespace("b", "c")
			}, "",
			pod().Watch(onPod),
			"/api/v1/namespaces/b/pods?watch=true",
		},
		"narrowed": {
			func(b ...capability.Binding) *capability.Capability {
				return capability.New("c", b...).InNamespace("b", "a")
			}, "",
			pod().InNamespace("a").Watch(onPod),
			"/api/v1/namespaces/a/pods?watch=true",
		},
		"excluded": {
			func(b ...capability.Binding) *capability.Capability {
				return capability.New("c", b...).NotInNamespace("y").NotInNamespace("x")
			}, "",
			pod().Watch(onPod),
			"/api/v1/pods?watch=true&fieldSelector=metadata.namespace!%3Dx%2Cmetadata.namespace!%3Dy",
		},
		"excluded with a name": {
			func(b ...capability.Binding) *capability.Capability {
				return capability.New("c", b...).NotInNamespace("x")
			}, "",
			pod().WithName("n").Watch(onPod),
			"/api/v1/pods?watch=true&fieldSelector=metadata.name%3Dn%2Cmetadata.namespace!%3Dx",
		},
		"excluded elsewhere": {
			func(b ...capability.Binding) *capability.Capability {
				return capability.New("c", b...).NotInNamespace("x")
			}, "",
			pod().InNamespace("a").Watch(onPod),
			"/api/v1/namespaces/a/pods?watch=true",
		},
		"excluded from listed": {
			func(b ...capability.Binding) *capability.Capability {
				return capability.New("c", b...).InNamespace("a", "x").NotInNamespace("x")
			}, "",
			pod().Watch(onPod),
			"/api/v1/namespaces/a/pods?watch=true",
		},
		"the program's namespace": {
			func(b ...capability.Binding) *capability.Capability { return capability.New("c", b...) }, "only",
			pod().Watch(onPod),
			"/api/v1/namespaces/only/pods?watch=true",
		},
		"the program's namespace within the capability's": {
			func(b ...capability.Binding) *capability.Capability {
				return capability.New("c", b...).InNamespace("a", "only")
			}, "only",
			pod().Watch(onPod),
			"/api/v1/namespaces/only/pods?watch=true",
		},
		"the program's namespace, named": {
			func(b ...capability.Binding) *capability.Capability { return capability.New("c", b...) }, "only",
			pod().InNamespace("only").Watch(onPod),
			"/api/v1/namespaces/only/pods?watch=true",
		},
		"excluded Namespace objects": {
			func(b ...capability.Binding) *capability.Capability {
				return capability.New("c", b...).NotInNamespace("y", "x")
			}, "",
			capability.When(kind.Namespace).WithLabel("team").Watch(nothing),
			"/api/v1/namespaces?watch=true&fieldSelector=metadata.name!%3Dx%2Cmetadata.name!%3Dy&labelSelector=team",
		},
		"excluded Namespace objects, as metadata": {
			func(b ...capability.Binding) *capability.Capability {
				return capability.New("c", b...).NotInNamespace("x")
			}, "",
			capability.When(kind.Metadata(kind.Namespace)).Watch(func(context.Context, capability.Event[*metav1.PartialObjectMetadata]) error { return nil }),
			"/api/v1/namespaces?watch=true&fieldSelector=metadata.name!%3Dx",
		},
		"excluded Namespace objects, one name": {
			func(b ...capability.Binding) *capability.Capability {
				return capability.New("c", b...).NotInNamespace("x")
			}, "",
			capability.When(kind.Namespace).WithName("a").Watch(nothing),
			"/api/v1/namespaces?watch=true&fieldSelector=metadata.name%3Da",
		},
		"excluded Namespace objects with a finalizer": {
			func(b ...capability.Binding) *capability.Capability {
				return capability.New("c", b...).NotInNamespace("x")
			}, "",
			capability.When(kind.Namespace).WithLabel("team").
				Reconcile(func(context.Context, capability.Event[*corev1.Namespace]) error { return nil }).
				Finalize("example.com/x", func(context.Context, capability.Event[*corev1.Namespace]) error { return nil }),
			"/api/v1/namespaces?watch=true&fieldSelector=metadata.name!%3Dx",
		},
		"other cluster-scoped kinds are not excluded": {
			func(b ...capability.Binding) *capability.Capability {
				return capability.New("c", b...).NotInNamespace("x")
			}, "",
			capability.When(kind.Node).Watch(func(context.Context, capability.Event[*corev1.Node]) error { return nil }),
			"/api/v1/nodes?watch=true",
		},
		"cluster-scoped kinds have no namespace": {
			func(b ...capability.Binding) *capability.Capability {
				return capability.New("c", b...).InNamespace("only").NotInNamespace("x")
			}, "only",
			capability.When(kind.Namespace).WithName("a").Watch(nothing),
			"/api/v1/namespaces?watch=true&fieldSelector=metadata.name%3Da",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cs, err := compile.Compile([]*capability.Capability{tt.of(tt.in)}, compile.Options{Namespace: tt.namespace})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(streams(cs[0]), " "); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	var many []string
	for i := range 51 {
		many = append(many, fmt.Sprintf("n%d", i))
	}
	node := capability.When(kind.Pod)
	tests := map[string]struct {
		b    capability.Binding
		want string
	}{
		"50 streams":      {node.InNamespace(many[:50]...).Watch(onPod), ""},
		"51 namespaces":   {node.InNamespace(many...).Watch(onPod), "51 streams: Wide()"},
		"51 names":        {node.InNamespace("a").WithName(many...).Watch(onPod), "51 streams: select by a label"},
		"wide":            {node.InNamespace(many...).Wide().Watch(onPod), ""},
		"wide, names too": {node.InNamespace("a", "b").WithName(many...).Wide().Watch(onPod), "51 streams: select by a label"},
		"generation": {
			capability.When(kind.ConfigMap).OnSpecChange().Watch(func(context.Context, capability.Event[*corev1.ConfigMap]) error { return nil }),
			"counts no generation for ConfigMap",
		},
		"pods have one": {node.OnSpecChange().Watch(onPod), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(one(t, tt.b).Warnings, "\n")
			if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// Each resource that the table of kinds without a generation names is a built-in one: a renamed one would go unnoticed.
func TestNoGenerationNamesBuiltinKinds(t *testing.T) {
	builtin := map[string]bool{}
	for _, k := range kind.Builtin() {
		builtin[k.Resource().String()] = true
	}
	for _, name := range compile.KindsWithoutGeneration() {
		if !builtin[name] {
			t.Errorf("%s is not built in", name)
		}
	}
}
