package replicas

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// What comes after a request that was given up does not go over its connection, which may be dead.
func TestLeaseClientLeavesDeadConnections(t *testing.T) {
	type arrival struct {
		proto, from string
		answer      chan bool
	}
	arrivals := make(chan arrival)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := arrival{r.Proto, r.RemoteAddr, make(chan bool)}
		arrivals <- a
		if !<-a.answer {
			<-r.Context().Done() // the client has gone
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"l","namespace":"n"}}`))
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	c, err := newLeaseClient(&rest.Config{Host: s.URL, TLSClientConfig: rest.TLSClientConfig{Insecure: true}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.closeIdle()
	get := func(ctx context.Context) chan error {
		done := make(chan error, 1)
		go func() {
			_, err := c.leases.Leases("n").Get(ctx, "l", metav1.GetOptions{})
			done <- err
		}()
		return done
	}
	for range 20 {
		ctx, giveUp := context.WithCancel(t.Context())
		first := get(ctx)
		dead := <-arrivals
		giveUp()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Fatalf("the request that was given up: %v", err)
		}
		dead.answer <- false
		second := get(t.Context())
		next := <-arrivals
		next.answer <- true
		if err := <-second; err != nil {
			t.Fatal(err)
		}
		if next.from == dead.from {
			t.Fatalf("sent over the same connection, with %s", next.proto)
		}
	}
}
