//go:build e2e

package testenv

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

func start(t *testing.T, opts Options) *Env {
	t.Helper()
	env, err := Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := env.Stop(); err != nil {
			t.Error(err)
		}
	})
	return env
}

// connect returns a client whose connections are closed when the test ends.
func connect(t *testing.T, cfg *rest.Config) kubernetes.Interface {
	t.Helper()
	client, err := rest.HTTPClientFor(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	cs, err := kubernetes.NewForConfigAndClient(cfg, client)
	if err != nil {
		t.Fatal(err)
	}
	return cs
}

// The whole of what the end-to-end tests do to a control plane, in one life.
func TestControlPlane(t *testing.T) {
	env := start(t, Options{})
	ctx := t.Context()
	cs := connect(t, env.Config)

	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "kept"}}
	created, err := cs.CoreV1().ConfigMaps("default").Create(ctx, cm, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	before := created.ResourceVersion
	created.Data = map[string]string{"changed": "yes"}
	if created, err = cs.CoreV1().ConfigMaps("default").Update(ctx, created, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}

	w, err := cs.CoreV1().ConfigMaps("default").Watch(ctx, metav1.ListOptions{ResourceVersion: before})
	if err != nil {
		t.Fatal(err)
	}
	if e := <-w.ResultChan(); e.Type != watch.Modified {
		t.Fatalf("a watch from a resourceVersion within history begins with %v, want MODIFIED", e.Type)
	}
	if err := env.KillAPIServer(); err != nil {
		t.Fatal(err)
	}
	for e := range w.ResultChan() { // ends with the connection
		t.Logf("after the kill: %v", e.Type)
	}
	if _, err := cs.CoreV1().ConfigMaps("default").Get(ctx, "kept", metav1.GetOptions{}); err == nil {
		t.Fatal("a killed API server answers")
	}
	if err := env.KillAPIServer(); !errors.Is(err, ErrNotRunning) {
		t.Errorf("second kill: got %v, want %v", err, ErrNotRunning)
	}
	if err := env.Compact(); err != nil {
		t.Fatal(err)
	}
	if err := env.StartAPIServer(); err != nil {
		t.Fatal(err)
	}
	if err := env.StartAPIServer(); !errors.Is(err, ErrRunning) {
		t.Errorf("second start: got %v, want %v", err, ErrRunning)
	}

	kept, err := cs.CoreV1().ConfigMaps("default").Get(ctx, "kept", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if kept.UID != created.UID || kept.ResourceVersion != created.ResourceVersion {
		t.Errorf("after the restart: uid %s rv %s, want uid %s rv %s",
			kept.UID, kept.ResourceVersion, created.UID, created.ResourceVersion)
	}
	if code := watchFrom(t, cs, before); code != http.StatusGone {
		t.Errorf("a watch from before the compaction: status %d, want 410", code)
	}

	if err := env.StopAPIServer(); err != nil {
		t.Fatal(err)
	}
	if err := env.StopAPIServer(); !errors.Is(err, ErrNotRunning) {
		t.Errorf("second stop: got %v, want %v", err, ErrNotRunning)
	}
	if err := env.StartAPIServer(); err != nil {
		t.Fatal(err)
	}
	if _, err := cs.CoreV1().ConfigMaps("default").Get(ctx, "kept", metav1.GetOptions{}); err != nil {
		t.Fatal(err)
	}
}

// watchFrom returns the code of the error that a watch is answered with, as a
// status or as a first event; 0 if there is none.
func watchFrom(t *testing.T, cs kubernetes.Interface, rv string) int32 {
	t.Helper()
	w, err := cs.CoreV1().ConfigMaps("default").Watch(t.Context(), metav1.ListOptions{ResourceVersion: rv})
	if err == nil {
		defer w.Stop()
		e := <-w.ResultChan()
		if e.Type != watch.Error {
			return 0
		}
		err = apierrors.FromObject(e.Object)
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		t.Fatalf("a watch failed without a status: %v", err)
	}
	return status.Status().Code
}

func TestUsersAndArgs(t *testing.T) {
	var log strings.Builder
	env := start(t, Options{
		APIServerArgs: []string{"--request-timeout=42s", "--v=1"},
		Log:           &log,
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // ends a test that hangs
	defer cancel()
	admin := connect(t, env.Config)

	cfg, err := env.User("jane", "readers")
	if err != nil {
		t.Fatal(err)
	}
	jane := connect(t, cfg)
	list := func() error {
		_, err := jane.CoreV1().ConfigMaps("default").List(ctx, metav1.ListOptions{})
		return err
	}
	if err := list(); !apierrors.IsForbidden(err) {
		t.Fatalf("a user without rights: got %v, want forbidden", err)
	}
	_, err = admin.RbacV1().Roles("default").Create(ctx, &rbacv1.Role{
		ObjectMeta: metav1.ObjectMeta{Name: "readers"},
		Rules:      []rbacv1.PolicyRule{{Verbs: []string{"list"}, APIGroups: []string{""}, Resources: []string{"configmaps"}}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = admin.RbacV1().RoleBindings("default").Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "readers"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.GroupKind, APIGroup: rbacv1.GroupName, Name: "readers"}},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "readers"},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// The authorizer learns of the binding through its own watch.
	for err := list(); err != nil; err = list() {
		if !apierrors.IsForbidden(err) {
			t.Fatal(err)
		}
	}

	// The file works on its own.
	fromFile, err := clientcmd.RESTConfigFromKubeConfig(env.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	version, err := connect(t, fromFile).Discovery().ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	if version.Major == "" || !strings.HasPrefix(version.GitVersion, "v"+version.Major+".") {
		t.Errorf("version %q of major %q cannot be parsed by clients", version.GitVersion, version.Major)
	}

	if err := env.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := env.StartAPIServer(); err == nil {
		t.Error("a stopped control plane was started again")
	}
	// At --v=1 the API server begins with its flags, etcd always does.
	for _, want := range []string{`--request-timeout="42s"`, `"--unsafe-no-fsync=true"`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s", want)
		}
	}
}

func TestFailedStartSaysWhy(t *testing.T) {
	_, err := Start(t.Context(), Options{APIServerArgs: []string{"--no-such-flag=1"}})
	if err == nil || !strings.Contains(err.Error(), "no-such-flag") {
		t.Fatalf("got %v, want the API server's own words", err)
	}
}
