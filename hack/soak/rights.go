package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const user = "soak"

func here() metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: namespace, Name: user} }

// prepare creates the namespace and gives the subject its rights.
func prepare(ctx context.Context, c client.Client) error {
	role := &rbacv1.Role{ObjectMeta: here(), Rules: []rbacv1.PolicyRule{
		{Verbs: []string{"get", "list", "watch"}, APIGroups: []string{""}, Resources: []string{"configmaps", "secrets"}},
	}}
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	return errors.Join(c.Create(ctx, ns), c.Create(ctx, role), grant(ctx, c))
}

// grant gives the rights, also where they are given already.
func grant(ctx context.Context, c client.Client) error {
	err := c.Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: here(),
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: user}},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: user},
	})
	return client.IgnoreAlreadyExists(err)
}

// revoke takes them. What is open stays open.
func revoke(ctx context.Context, c client.Client) error {
	return client.IgnoreNotFound(c.Delete(ctx, &rbacv1.RoleBinding{ObjectMeta: here()}))
}

// serverOf is host and port of a configuration's server.
func serverOf(cfg *rest.Config) (string, error) {
	u, err := url.Parse(cfg.Host)
	if err == nil && u.Host != "" {
		return u.Host, nil
	}
	if _, _, err := net.SplitHostPort(cfg.Host); err != nil {
		return "", fmt.Errorf("address of the server: %w", err)
	}
	return cfg.Host, nil
}

// kubeconfig writes one for the user of cfg that reaches the server at another address, into a folder.
func kubeconfig(dir string, cfg *rest.Config, address string) (path string, err error) {
	server, err := serverOf(cfg)
	if err != nil {
		return "", err
	}
	host, _, err := net.SplitHostPort(server)
	if err != nil {
		return "", fmt.Errorf("address of the server: %w", err)
	}
	k := clientcmdapi.NewConfig()
	k.Clusters[user] = &clientcmdapi.Cluster{Server: "https://" + address, TLSServerName: host, CertificateAuthorityData: cfg.CAData}
	k.AuthInfos[user] = &clientcmdapi.AuthInfo{ClientCertificateData: cfg.CertData, ClientKeyData: cfg.KeyData}
	k.Contexts[user] = &clientcmdapi.Context{Cluster: user, AuthInfo: user}
	k.CurrentContext = user
	raw, err := clientcmd.Write(*k)
	if err != nil {
		return "", fmt.Errorf("write the subject's kubeconfig: %w", err)
	}
	path = filepath.Join(dir, "kubeconfig")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		return "", fmt.Errorf("write the subject's kubeconfig: %w", err)
	}
	return path, nil
}
