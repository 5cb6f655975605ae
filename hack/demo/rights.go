package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/internal/manifests"
)

// Who the program is: the ServiceAccount of config/.
const (
	accountNamespace = "ancho-examples"
	accountName      = "examples"
)

// deployed are the kinds of config/ that the demo applies: it is not a cluster with nodes, which would run Pods.
var deployed = []string{"Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}

// giveRights applies what config/ has for the program, and writes a kubeconfig with a token of its ServiceAccount.
func (d *demo) giveRights(ctx context.Context) error {
	d.screen.chapter("The program gets the rights that it prints itself (examples --rbac), and those of its callbacks")
	c, err := client.New(d.env.Config, client.Options{})
	if err != nil {
		return fmt.Errorf("connect to the API server: %w", err)
	}
	objects, err := manifests.Read(filepath.Join(d.root, "config"))
	if err != nil {
		return err
	}
	objects = slices.DeleteFunc(objects, func(o *unstructured.Unstructured) bool { return !slices.Contains(deployed, o.GetKind()) })
	if err := manifests.Apply(ctx, c, objects...); err != nil {
		return err
	}
	for _, o := range objects {
		d.screen.notef("%s %s", o.GetKind(), client.ObjectKeyFromObject(o))
	}
	token, err := d.cluster.CoreV1().ServiceAccounts(accountNamespace).CreateToken(ctx, accountName, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("issue a token for the program: %w", err)
	}
	if err := d.writeKubeconfig(token.Status.Token); err != nil {
		return err
	}
	if err := d.rightsKnown(ctx); err != nil {
		return err
	}
	d.screen.didf("applied config/ and issued a token for ServiceAccount %s/%s", accountNamespace, accountName)
	return nil
}

// writeKubeconfig makes the program's from the administrator's.
func (d *demo) writeKubeconfig(token string) error {
	k, err := clientcmd.Load(d.env.Kubeconfig())
	if err != nil {
		return fmt.Errorf("read the kubeconfig: %w", err)
	}
	for _, user := range k.AuthInfos {
		user.ClientCertificateData, user.ClientKeyData, user.Token = nil, nil, token
	}
	raw, err := clientcmd.Write(*k)
	if err != nil {
		return fmt.Errorf("write the program's kubeconfig: %w", err)
	}
	d.programKubeconfig = filepath.Join(d.dir, "program-kubeconfig")
	return os.WriteFile(d.programKubeconfig, raw, 0o600)
}

// rightsKnown waits until the API server goes by the roles: it learns of them through watches of its own.
func (d *demo) rightsKnown(ctx context.Context) error {
	for _, last := range []authorizationv1.ResourceAttributes{
		{Verb: "watch", Resource: "namespaces"},
		{Verb: "watch", Resource: "pods", Namespace: namespace},
		{Verb: "patch", Resource: "limitranges", Namespace: namespace, Name: defaults},
	} {
		ask := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User: "system:serviceaccount:" + accountNamespace + ":" + accountName, ResourceAttributes: &last,
		}}
		err := within(ctx, "the API server knows of the rights", func(ctx context.Context) error {
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			for {
				got, err := d.cluster.AuthorizationV1().SubjectAccessReviews().Create(ctx, ask, metav1.CreateOptions{})
				if err != nil || got.Status.Allowed {
					return err
				}
				select {
				case <-tick.C:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}
