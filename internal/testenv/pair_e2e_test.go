//go:build e2e

package testenv

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

func startPair(t *testing.T) *Pair {
	t.Helper()
	p, err := StartPair(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// waitFor waits for what no server announces; the test's own deadline bounds it.
func waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.NewTimer(startTimeout)
	defer end.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-end.C:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

const thingDefinition = `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
"metadata":{"name":"things.pair.example.com"},"spec":{"group":"pair.example.com","scope":"Namespaced",
"names":{"plural":"things","singular":"thing","kind":"Thing"},
"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object"}}}]}}`

// status returns the code that a GET of a path is answered with.
func status(t *testing.T, cs kubernetes.Interface, path string) int {
	t.Helper()
	var code int
	cs.Discovery().RESTClient().Get().AbsPath(path).Do(t.Context()).StatusCode(&code)
	return code
}

// TestPair: one life of two servers on one etcd, and what the second one answers while etcd is out of its reach.
func TestPair(t *testing.T) {
	p := startPair(t)
	ctx := t.Context()
	first, second, front := connect(t, p.Config), connect(t, p.Second(p.Config)), connect(t, p.Behind(p.Config))
	get := func(cs kubernetes.Interface, name string) error {
		_, err := cs.CoreV1().ConfigMaps("default").Get(ctx, name, metav1.GetOptions{})
		return err
	}
	put := func(name string) {
		t.Helper()
		cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if _, err := first.CoreV1().ConfigMaps("default").Create(ctx, cm, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	put("one")
	for name, cs := range map[string]kubernetes.Interface{"first": first, "second": second, "front": front} {
		if err := get(cs, "one"); err != nil {
			t.Errorf("%s server: %v", name, err)
		}
	}
	sameTokens(t, first, second)

	p.Etcd.Cut()
	waitFor(t, "the second server to miss etcd", func() bool { return status(t, second, "/readyz/etcd") != http.StatusOK })
	if code := status(t, first, "/readyz/etcd"); code != http.StatusOK {
		t.Errorf("the first server misses etcd, too: %d", code)
	}
	const defs, things = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", "/apis/pair.example.com/v1/namespaces/default/things"
	if err := first.Discovery().RESTClient().Post().AbsPath(defs).SetHeader("Content-Type", "application/json").
		Body([]byte(thingDefinition)).Do(ctx).Error(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the definition on the first server", func() bool { return status(t, first, things) == http.StatusOK })
	if code := status(t, front, things); code != http.StatusOK {
		t.Errorf("through the front, to the first server: %d", code)
	}
	p.UseSecond()
	if code := status(t, front, things); code != http.StatusNotFound {
		t.Errorf("through the front, to a server that does not know the definition: %d, want 404", code)
	}
	p.UseFirst()
	if code := status(t, front, things); code != http.StatusOK {
		t.Errorf("through the front, back on the first server: %d", code)
	}
	p.Etcd.Restore()
	waitFor(t, "the definition on the second server", func() bool { return status(t, second, things) == http.StatusOK })
	freezes(t, p, second, put)
}

// freezes: a second server whose connection to etcd stands still goes on serving what it knew.
func freezes(t *testing.T, p *Pair, second kubernetes.Interface, put func(name string)) {
	t.Helper()
	known := func(name string) bool {
		t.Helper()
		list, err := second.CoreV1().ConfigMaps("default").List(t.Context(), metav1.ListOptions{ResourceVersion: "0"})
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(list.Items, func(cm corev1.ConfigMap) bool { return cm.Name == name })
	}
	put("two")
	waitFor(t, "the second server to know of it", func() bool { return known("two") })
	p.Etcd.Stall()
	put("three")
	if !known("two") || known("three") {
		t.Error("a frozen server does not serve what it knew before, and that alone")
	}
	p.Etcd.Restore()
	waitFor(t, "the second server to catch up", func() bool { return known("three") })
}

// sameTokens: a token that one server issues is accepted by the other.
func sameTokens(t *testing.T, first, second kubernetes.Interface) {
	t.Helper()
	for from, to := range map[kubernetes.Interface]kubernetes.Interface{first: second, second: first} {
		name := fmt.Sprintf("account-%p", from)
		account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if _, err := from.CoreV1().ServiceAccounts("default").Create(t.Context(), account, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		token, err := from.CoreV1().ServiceAccounts("default").CreateToken(t.Context(), name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		review, err := to.AuthenticationV1().TokenReviews().Create(t.Context(), &authenticationv1.TokenReview{
			Spec: authenticationv1.TokenReviewSpec{Token: token.Status.Token},
		}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if !review.Status.Authenticated || review.Status.User.Username != "system:serviceaccount:default:"+name {
			t.Errorf("the other server says %+v of a token", review.Status)
		}
	}
}
