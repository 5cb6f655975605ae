// Package clumsy is a program that does everything with Secrets, and goes wrong in all ways, by the names of what it is called for. None of
// its errors says a value: so tests can find out whether something else does.
package clumsy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// Vault is a kind of which some objects do not fit their type: a size that is a text.
type Vault struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`
	Spec              VaultSpec `json:"spec"`
}

// VaultSpec is what it is about.
type VaultSpec struct {
	Size     int64            `json:"size"`
	Sizes    map[string]int64 `json:"sizes,omitempty"`
	Password string           `json:"password,omitempty"`
}

// DeepCopyObject implements apiruntime.Object.
func (v *Vault) DeepCopyObject() apiruntime.Object {
	c := *v
	v.ObjectMeta.DeepCopyInto(&c.ObjectMeta)
	return &c
}

var group = schema.GroupVersion{Group: "example.com", Version: "v1"}

// Vaults is the kind.
var Vaults = kind.Of[*Vault](func(s *apiruntime.Scheme) error {
	s.AddKnownTypes(group, &Vault{})
	metav1.AddToGroupVersion(s, group)
	return nil
})

var errAway = errors.New("the back end is away")

// Capability is the program, in one namespace.
func Capability(namespace string) capability.Func {
	return func(env capability.Env) *capability.Capability {
		return (&program{env: env, namespace: namespace}).capability()
	}
}

type program struct {
	env       capability.Env
	namespace string
}

func (p *program) capability() *capability.Capability {
	secrets := capability.When(kind.Secret).InNamespace(p.namespace).Backoff(5*time.Second, time.Minute).MaxAttempts(3).Timeout(10 * time.Second)
	vaults := capability.When(Vaults).InNamespace(p.namespace).Backoff(5*time.Second, time.Minute)
	var kept capability.Reader[*corev1.Secret]
	return capability.New("clumsy",
		secrets.Alias("reconcile").Reconcile(p.secret).Finalize("example.com/clean", p.secret),
		secrets.Alias("cached").Cached(&kept).IsCreatedOrUpdated().IsDeleted().Reconcile(p.secret),
		secrets.Alias("watch").IsCreatedOrUpdated().IsDeleted().Watch(p.secret),
		secrets.Alias("ordered").WithLabel("app").HasLeft().IsDeleted().InOrder().Reconcile(p.secret),
		secrets.Alias("small").MemoryBudget(1).Reconcile(p.secret),
		secrets.Alias("where").Where(func(s *corev1.Secret) bool { return boom(s.Name, "where", s.Data["password"]) }).Reconcile(p.secret),
		secrets.Alias("change").OnChange(func(s *corev1.Secret) any { return boom(s.Name, "change", s.Data["password"]) }).Reconcile(p.secret),
		capability.When(kind.Metadata(kind.Secret)).InNamespace(p.namespace).Alias("metadata").Watch(func(context.Context, capability.Event[*metav1.PartialObjectMetadata]) error { return errAway }),
		capability.When(kind.ConfigMap).InNamespace(p.namespace).Owns(kind.Secret).
			Uses(kind.Secret, func(c *corev1.ConfigMap) []types.NamespacedName {
				return []types.NamespacedName{{Namespace: c.Namespace, Name: c.Data["secret"]}}
			}).
			TriggeredBy(capability.Mapped(kind.Secret, func(s *corev1.Secret) []types.NamespacedName {
				boom(s.Name, "mapped", s.Data["password"])
				return []types.NamespacedName{{Namespace: p.namespace, Name: "user"}}
			})).Reconcile(p.user),
		vaults.Alias("vaults").Reconcile(p.vault).Finalize("example.com/clean", p.vault),
		vaults.Alias("kept").Cached().OnSpecChange().Watch(p.vault),
		vaults.Alias("seen").OnChange(func(v *Vault) any { return v.Spec }).Reconcile(p.vault),
	)
}

// boom panics in a function that is asked about an object of such a name.
func boom(name, where string, data []byte) bool {
	if strings.Contains(name, where) {
		panic(fmt.Sprintf("it is %s", data))
	}
	return true
}

// secret goes wrong without saying a value.
func (p *program) secret(ctx context.Context, e capability.Event[*corev1.Secret]) error {
	data := e.Object.Data["password"]
	switch name := e.Object.Name; {
	case strings.HasPrefix(name, "fails"):
		return errAway
	case strings.HasPrefix(name, "waits"):
		<-ctx.Done()
		return context.Cause(ctx)
	case strings.HasPrefix(name, "later"):
		return capability.RetryAfter(time.Minute, errAway)
	case strings.HasPrefix(name, "parks"):
		return capability.Permanent(errAway)
	case strings.HasPrefix(name, "writes-nil"):
		var none map[string][]byte
		none[string(data)] = data //nolint:govet,staticcheck // so it panics
	case strings.HasPrefix(name, "index"):
		_ = data[len(data)+e.Attempt]
	case strings.HasPrefix(name, "asserts"):
		var what any = string(data)
		_ = what.(fmt.Stringer).String() //nolint:forcetypeassert,errcheck // so it panics
	case strings.HasPrefix(name, "nil"):
		var none *corev1.Secret
		none.Data["password"] = data //nolint:govet // so it panics
	default:
		return p.requests(ctx, e.Object)
	}
	return nil
}

// requests are those that a callback makes: they succeed, and are refused.
func (p *program) requests(ctx context.Context, s *corev1.Secret) error {
	var now corev1.Secret
	if err := p.env.Client.Get(ctx, client.ObjectKeyFromObject(s), &now); err != nil {
		return err
	}
	var all corev1.SecretList
	if err := p.env.Client.List(ctx, &all, client.InNamespace(s.Namespace)); err != nil {
		return err
	}
	p.env.Recorder.Eventf(s, nil, corev1.EventTypeNormal, "Seen", "See", "the Secret %s was seen", s.Name)
	twin := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: s.Name}, Data: s.Data}
	return errors.Join(p.env.Client.Create(ctx, twin.DeepCopy()), p.env.Client.Update(ctx, func() *corev1.Secret {
		twin.ResourceVersion = "1"
		return twin
	}()))
}

// user reads the Secret that it uses.
func (p *program) user(ctx context.Context, e capability.Event[*corev1.ConfigMap]) error {
	var s corev1.Secret
	if err := p.env.Client.Get(ctx, client.ObjectKey{Namespace: e.Object.Namespace, Name: e.Object.Data["secret"]}, &s); err != nil {
		return err
	}
	return errAway
}

func (p *program) vault(context.Context, capability.Event[*Vault]) error { return errAway }
