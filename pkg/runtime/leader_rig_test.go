package runtime

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/replicas"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

// The durations of the tests' leases: those of the Kubernetes components.
const (
	leaseTime = replicas.DefaultLeaseDuration
	renewTime = replicas.DefaultRenewDeadline
)

// cable is the connection of one replica. It may break.
type cable struct {
	http.RoundTripper

	mu    sync.Mutex
	fault func(*http.Request) (*http.Response, error) // nil: it works
	paths []string
}

func (l *cable) RoundTrip(r *http.Request) (*http.Response, error) {
	l.mu.Lock()
	fault := l.fault
	l.paths = append(l.paths, r.Method+" "+r.URL.Path)
	l.mu.Unlock()
	if fault != nil {
		if resp, err := fault(r); resp != nil || err != nil {
			return resp, err
		}
	}
	return l.RoundTripper.RoundTrip(r)
}

func (l *cable) set(fault func(*http.Request) (*http.Response, error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault = fault
}

func (l *cable) asked() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.paths)
}

// refuse is a server that is away.
func refuseAll(*http.Request) (*http.Response, error) { return nil, syscall.ECONNREFUSED }

// hangs is a connection that is dead, and nobody said so.
func hangs(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// forbids refuses one verb on Leases.
func forbids(method string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		if r.Method != method || !strings.Contains(r.URL.Path, "/leases") {
			return nil, nil
		}
		return &http.Response{
			StatusCode: http.StatusForbidden, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
			Body: io.NopCloser(strings.NewReader(`{"kind":"Status","apiVersion":"v1","status":"Failure","code":403,"reason":"Forbidden","message":"not for you"}`)),
		}, nil
	}
}

// cluster is a server in memory, at which replicas of one program want the same Lease.
type cluster struct {
	t      *testing.T
	server *fake.Server
	client kubernetes.Interface
	fault  func(*http.Request) (*http.Response, error) // of the cables of replicas to come
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	s := fake.New()
	set, err := kubernetes.NewForConfig(s.Config())
	if err != nil {
		t.Fatal(err)
	}
	return &cluster{t: t, server: s, client: set}
}

// replica is one of them.
type replica struct {
	*running
	cable *cable
	ended chan error // what Run returns
	term  context.CancelFunc
	seen  chan Call
}

type handler = capability.Handler[*corev1.ConfigMap]

// replica starts one. It is called inside a bubble.
func (c *cluster) replica(name string, h handler) *replica {
	c.t.Helper()
	return c.replicaWith(name, h, func(*Options) {})
}

func (c *cluster) replicaWith(name string, h handler, change func(*Options)) *replica {
	c.t.Helper()
	cfg := c.server.Config()
	r := &replica{running: &running{log: &lines{}}, cable: &cable{RoundTripper: cfg.Transport, fault: c.fault}, ended: make(chan error, 1), seen: make(chan Call, 1000)}
	cfg.Transport = r.cable
	o := oneCapability(capability.When(kind.ConfigMap).InNamespace("default").Reconcile(h))
	o.Logger, o.OnCall = r.log.logger(), func(call Call) { r.seen <- call }
	o.LeaderElection = &replicas.LeaderElection{Namespace: "default", Name: "program", Identity: name}
	change(&o)
	var err error
	if r.Runtime, err = New(cfg, o); err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(c.t.Context())
	go func() { r.ended <- r.Run(ctx) }()
	r.term = cancel
	r.stop = sync.OnceValue(func() error {
		cancel()
		err := <-r.ended
		r.ended <- err
		return err
	})
	c.t.Cleanup(func() { _ = r.stop() })
	return r
}

// over tells whether Run has returned, and what.
func (r *replica) over() (bool, error) {
	select {
	case err := <-r.ended:
		r.ended <- err
		return true, err
	default:
		return false, nil
	}
}

func (r *replica) leads() bool { return r.Snapshot().LeaderElection.Leading }

func (r *replica) ready() (int, string) {
	w := httptest.NewRecorder()
	r.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", http.NoBody)) //nolint:noctx // in memory
	return w.Code, w.Body.String()
}

func (c *cluster) lease() *coordinationv1.Lease {
	c.t.Helper()
	l, err := c.client.CoordinationV1().Leases("default").Get(c.t.Context(), "program", metav1.GetOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	return l
}

func (c *cluster) create(name string) {
	c.t.Helper()
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}}
	if _, err := c.client.CoreV1().ConfigMaps("default").Create(c.t.Context(), cm, metav1.CreateOptions{}); err != nil {
		c.t.Fatal(err)
	}
}

// leadsAfter lets time pass until a replica leads, and returns how much that was.
func (c *cluster) leadsAfter(r *replica, most time.Duration) time.Duration {
	c.t.Helper()
	begin := time.Now()
	for synctest.Wait(); !r.leads(); synctest.Wait() {
		if time.Since(begin) > most {
			c.t.Fatalf("not leading after %s:\n%s", most, r.log)
		}
		time.Sleep(time.Millisecond)
	}
	return time.Since(begin)
}
