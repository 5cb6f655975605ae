package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/plan"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/replicas"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/rights"
)

// authorizer answers access reviews: what asks returns true for is allowed.
type authorizer struct {
	mu     sync.Mutex
	asked  []string // "list configmaps ns/name"
	allows func(what string) bool
	fails  func(*http.Request) (*http.Response, error)
}

func (a *authorizer) RoundTrip(r *http.Request) (*http.Response, error) {
	var review authorizationv1.SelfSubjectAccessReview
	if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
		return nil, err
	}
	on := review.Spec.ResourceAttributes
	what := on.Verb + " " + on.Resource + " " + on.Namespace + "/" + on.Name
	if on.Group != "" {
		what = on.Verb + " " + on.Resource + "." + on.Group + " " + on.Namespace + "/" + on.Name
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, what)
	if a.fails != nil {
		return a.fails(r)
	}
	review.Status.Allowed = a.allows == nil || a.allows(what)
	if !review.Status.Allowed {
		review.Status.Reason = "not\u202e for you"
	}
	body, err := json.Marshal(&review)
	if err != nil {
		return nil, err
	}
	return answer(r, http.StatusCreated, string(body)), nil
}

// set changes what is allowed.
func (a *authorizer) set(allows func(string) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.allows = allows
}

func (a *authorizer) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.asked)
}

func answer(r *http.Request, code int, body string) *http.Response {
	return &http.Response{
		StatusCode: code, Header: http.Header{"Content-Type": {"application/json"}}, Request: r, Body: io.NopCloser(strings.NewReader(body)),
	}
}

// needy is a program that needs rights of every form.
func needy(capability.Env) *capability.Capability {
	none := func(context.Context, capability.Event[*corev1.Secret]) error { return nil }
	return capability.New("c",
		capability.When(kind.ConfigMap).InNamespace("a").WithName("settings").Reconcile(ignoreMap),
		capability.When(kind.ConfigMap).InNamespace("b").WithLabel("x").Alias("labelled").IsDeleted().HasLeft().Reconcile(ignoreMap),
		capability.When(kind.Secret).Reconcile(none).Finalize("example.com/x", none),
		capability.When(kind.Secret).InNamespace("b").Alias("rider").Reconcile(none), // the one of the whole cluster holds it
		capability.When(kind.Role).InNamespace("b").Watch(func(context.Context, capability.Event[*rbacv1.Role]) error { return nil }),
	)
}

func accessOf(t *testing.T, a *authorizer) *rights.Access {
	t.Helper()
	compiled, err := declared(Options{Capabilities: []capability.Func{needy}}, capability.Env{})
	if err != nil {
		t.Fatal(err)
	}
	found, err := rights.NewAccess(&rest.Config{Host: "http://x.invalid", Transport: a}, rights.Needed(plan.New(compiled)), logr.Discard(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// What is asked is what the streams, the existence checks and the finalizers will do, each once, with the namespace and the name
// that the authorizer will see then.
func TestAccessAsksWhatTheProgramWillDo(t *testing.T) {
	all := &authorizer{}
	for _, f := range accessOf(t, all).Check(t.Context(), nil) {
		if f.Verdict != rights.OK {
			t.Errorf("%+v", f)
		}
	}
	want := map[string]int{
		"list configmaps a/settings": 1, "watch configmaps a/settings": 1,
		"list configmaps b/": 1, "watch configmaps b/": 1, "get configmaps b/": 1,
		"list secrets /": 1, "watch secrets /": 1, "get secrets /": 1, "patch secrets /": 1,
		"list roles.rbac.authorization.k8s.io b/": 1, "watch roles.rbac.authorization.k8s.io b/": 1,
	}
	for _, what := range all.asked {
		want[what]--
	}
	for what, n := range want {
		if n != 0 {
			t.Errorf("%q: asked %d times less than wanted", what, n)
		}
	}
}

// What is missing is named with its verb and place, and who needs it.
func TestAccessNamesWhatIsMissing(t *testing.T) {
	a := accessOf(t, &authorizer{allows: func(what string) bool {
		return what != "watch configmaps a/settings" && what != "patch secrets /" && what != "list secrets /"
	}})
	missing := map[string]string{}
	for _, f := range a.Check(t.Context(), nil) {
		if f.Verdict == rights.Missing {
			missing[f.What] = f.Detail
		}
	}
	for what, who := range map[string]string{
		"watch configmaps settings in namespace a": "needed by c/configmaps; the server says: not\\u202e for you",
		"list, patch secrets in the whole cluster": "needed by c/secrets",
	} {
		if !strings.Contains(missing[what], who) {
			t.Errorf("%q: %q", what, missing[what])
		}
	}
	if len(missing) != 2 {
		t.Errorf("missing: %q", missing)
	}
}

// Where the server does not answer reviews, that is said, and it is not asked again and again.
func TestAccessThatCannotBeChecked(t *testing.T) {
	for name, c := range map[string]struct {
		fails func(*http.Request) (*http.Response, error)
		says  string
	}{
		"away": {func(*http.Request) (*http.Response, error) { return nil, errors.New("no route") }, "no route"},
		"not served": {func(r *http.Request) (*http.Response, error) {
			return answer(r, http.StatusNotFound, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":404,"reason":"NotFound","message":"no such thing"}`), nil
		}, "no such thing"},
		"forbidden": {func(r *http.Request) (*http.Response, error) {
			return answer(r, http.StatusForbidden, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":403,"reason":"Forbidden","message":"no reviews"}`), nil
		}, "no reviews"},
		"undecided": {func(r *http.Request) (*http.Response, error) {
			return answer(r, http.StatusCreated, `{"kind":"SelfSubjectAccessReview","apiVersion":"authorization.k8s.io/v1","status":{"allowed":false,"evaluationError":"webhook down"}}`), nil
		}, "webhook down"},
	} {
		t.Run(name, func(t *testing.T) {
			to := &authorizer{fails: c.fails}
			found := accessOf(t, to).Check(t.Context(), nil)
			for _, f := range found {
				if f.Verdict != rights.Unknown || !strings.Contains(f.Detail, "cannot check") || !strings.Contains(f.Detail, c.says) {
					t.Errorf("%+v", f)
				}
			}
			if len(found) != 4 || to.count() > 4 {
				t.Errorf("%d findings, asked %d times", len(found), to.count())
			}
		})
	}
}

// reviewed lets reviews of a replica go to an authorizer.
func reviewed(a *authorizer) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		if !strings.HasSuffix(r.URL.Path, "/selfsubjectaccessreviews") {
			return nil, nil
		}
		return a.RoundTrip(r)
	}
}

// standing starts a leader, and a standby whose permissions an authorizer knows.
func standing(t *testing.T, a *authorizer) *replica {
	t.Helper()
	c := newCluster(t)
	leader := c.replica("leader", ignoreMap)
	c.leadsAfter(leader, time.Minute)
	c.fault = reviewed(a)
	return c.replica("standby", ignoreMap)
}

func (r *replica) strictly(t *testing.T) (int, string) {
	t.Helper()
	return r.get(t, "/readyz?strict=1")
}

// A standby whose account lacks rights is ready, says so, and is not with strict. It asks again by itself, seldom, and sooner where
// somebody asks strictly.
func TestStandbyThatLacksRights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &authorizer{allows: func(what string) bool { return !strings.HasPrefix(what, "watch configmaps") }}
		r := standing(t, a)
		time.Sleep(replicas.DefaultRetryPeriod - time.Millisecond)
		synctest.Wait()
		if code, text := r.ready(); code != http.StatusOK {
			t.Errorf("before the check: %d %s", code, text)
		}
		if code, text := r.strictly(t); code != http.StatusServiceUnavailable || !strings.Contains(text, "not checked yet") {
			t.Errorf("strictly, before the check: %d %s", code, text)
		}
		synctest.Wait()
		const missing = "missing: watch configmaps in namespace default, needed by c/configmaps"
		if code, text := r.ready(); code != http.StatusOK || !strings.Contains(text, "warn    permissions "+missing) {
			t.Errorf("%d %s", code, text)
		}
		if code, text := r.strictly(t); code != http.StatusServiceUnavailable || !strings.Contains(text, "fail    permissions "+missing) {
			t.Errorf("strictly: %d %s", code, text)
		}
		if n := strings.Count(r.log.String(), "permissions are missing"); n != 1 {
			t.Errorf("logged %d times:\n%s", n, r.log)
		}
		once := a.count()
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := (a.count() - once) / once; n < 10 || n > 14 {
			t.Errorf("checked %d times an hour", n)
		}
		if n := strings.Count(r.log.String(), "permissions are missing"); n != 1 {
			t.Errorf("logged %d times", n)
		}
		a.set(nil)
		time.Sleep(30 * time.Second)
		r.strictly(t) // which wants to know now
		synctest.Wait()
		if code, text := r.strictly(t); code != http.StatusOK || strings.Contains(text, "missing") {
			t.Errorf("strictly, all is granted: %d %s", code, text)
		}
		if !strings.Contains(r.log.String(), "has all permissions") {
			t.Error("the log does not say that all is granted")
		}
		before := a.count()
		for range 1000 { // in no time
			r.strictly(t)
		}
		synctest.Wait()
		if n := a.count() - before; n > once {
			t.Errorf("1000 strict probes made %d reviews", n)
		}
	})
}

// Where permissions cannot be checked a standby says so, and no more is concluded.
func TestStandbyThatCannotCheckItsRights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := standing(t, &authorizer{fails: func(r *http.Request) (*http.Response, error) {
			return answer(r, http.StatusForbidden, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":403,"reason":"Forbidden","message":"no reviews"}`), nil
		}})
		time.Sleep(time.Minute)
		synctest.Wait()
		if code, text := r.strictly(t); code != http.StatusOK || !strings.Contains(text, "warn    permissions cannot check: no reviews") {
			t.Errorf("%d %s", code, text)
		}
		if n := strings.Count(r.log.String(), "cannot check its permissions"); n != 1 {
			t.Errorf("logged %d times", n)
		}
	})
}
