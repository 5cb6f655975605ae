//go:build e2e

package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/internal/testenv"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

const definitionsPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

// plane is a real control plane, one for all cases.
type plane struct {
	*testenv.Env
	client *http.Client
}

func newPlane(t *testing.T) *plane {
	t.Helper()
	env, err := testenv.Start(t.Context(), testenv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := env.Stop(); err != nil {
			t.Error(err)
		}
	})
	client, err := rest.HTTPClientFor(env.Config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	p := &plane{Env: env, client: client}
	if err := p.install(t.Context(), Gizmo); err != nil {
		t.Fatal(err)
	}
	return p
}

// rig is the control plane as a rig.
func (p *plane) rig() Rig {
	return Rig{Name: "real", Serve: func(t *testing.T, use func(*testing.T, Server)) {
		t.Helper()
		use(t, Server{
			Config: p.Config, Forget: p.forget, Install: p.install, Withdraw: p.withdraw,
			User: func(name string) (*rest.Config, error) { return p.User(name) },
		})
	}}
}

// forget compacts etcd's history, and starts the API server again, whose own it is too.
func (p *plane) forget(ctx context.Context) error {
	for _, step := range []func() error{p.KillAPIServer, p.Compact, p.StartAPIServer} {
		if err := step(); err != nil {
			return err
		}
	}
	for _, path := range []string{"/api/v1/configmaps", "/apis/example.com/v1/gizmos"} {
		// A server that has just begun refuses watches for a moment.
		err := p.poll(ctx, func() (bool, error) {
			code, err := p.watches(ctx, path)
			return code == http.StatusOK, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// watches is the status of the answer to a watch.
func (p *plane) watches(ctx context.Context, path string) (int, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(p.Config.Host, "/")+path+"?watch=true", http.NoBody)
	if err != nil {
		return 0, err
	}
	resp, err := p.client.Do(r)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

// definition is that of a custom resource with any content.
func definition(r kind.Resource) *apiextensionsv1.CustomResourceDefinition {
	return &apiextensionsv1.CustomResourceDefinition{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apiextensions.k8s.io/v1", Kind: "CustomResourceDefinition"},
		ObjectMeta: metav1.ObjectMeta{Name: r.Plural + "." + r.Group},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: r.Group, Scope: apiextensionsv1.NamespaceScoped,
			Names: apiextensionsv1.CustomResourceDefinitionNames{Plural: r.Plural, Kind: r.Kind, ListKind: r.Kind + "List"},
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
				Name: r.Version, Served: true, Storage: true,
				Schema: &apiextensionsv1.CustomResourceValidation{
					OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{Type: "object", XPreserveUnknownFields: new(true)},
				},
				Subresources: &apiextensionsv1.CustomResourceSubresources{Status: &apiextensionsv1.CustomResourceSubresourceStatus{}},
			}},
		},
	}
}

// install makes a definition, after the end of an earlier one of that name, and waits until the resource is served.
func (p *plane) install(ctx context.Context, k kind.Any) error {
	r := k.Resource()
	body, err := json.Marshal(definition(r))
	if err != nil {
		return err
	}
	err = p.poll(ctx, func() (bool, error) {
		code, raw, err := p.do(ctx, http.MethodPost, definitionsPath, body)
		if err == nil && code != http.StatusCreated && code != http.StatusConflict {
			err = fmt.Errorf("making the definition of %s: %d: %s", r, code, raw)
		}
		return code == http.StatusCreated, err
	})
	if err != nil {
		return err
	}
	at := "/apis/" + r.APIVersion() + "/" + r.Plural
	return p.poll(ctx, func() (bool, error) {
		code, _, err := p.do(ctx, http.MethodGet, at, nil)
		if err != nil || code != http.StatusOK {
			return false, err
		}
		code, _, err = p.do(ctx, http.MethodGet, "/apis/"+r.APIVersion(), nil) // discovery comes later
		return code == http.StatusOK, err
	})
}

func (p *plane) withdraw(ctx context.Context, k kind.Any) error {
	r := k.Resource()
	code, raw, err := p.do(ctx, http.MethodDelete, definitionsPath+"/"+r.Plural+"."+r.Group, nil)
	if err == nil && code != http.StatusOK {
		err = fmt.Errorf("deleting the definition of %s: %d: %s", r, code, raw)
	}
	return err
}

func (p *plane) poll(ctx context.Context, done func() (bool, error)) error {
	return wait.PollUntilContextCancel(ctx, 50*time.Millisecond, true, func(context.Context) (bool, error) { return done() })
}

func (p *plane) do(ctx context.Context, method, path string, body []byte) (int, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(p.Config.Host, "/")+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := p.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	return resp.StatusCode, raw, err
}

// What the fake shows in the process, it shows on a port, where time passes as it does.
func TestConformanceOfTheFakeOnAPort(t *testing.T) {
	Run(t, Rig{Name: "fake", Serve: func(t *testing.T, use func(*testing.T, Server)) {
		t.Helper()
		s := fake.New(fake.WithResources(Gizmo))
		port, err := s.Listen()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := port.Close(); err != nil {
				t.Error(err)
			}
		})
		server := inMemory(s)
		server.Config = port.Config()
		use(t, server)
	}})
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

// Both servers are held to all cases, and the page says what was seen. ANCHO_CONFORMANCE_DOCS=1 writes it.
func TestConformance(t *testing.T) {
	rigs := []string{"fake", "real"}
	inMemory := Run(t, fakeRig())
	cluster := Run(t, newPlane(t).rig())
	t.Log("\n" + Table(rigs, inMemory, cluster))
	if os.Getenv("ANCHO_CONFORMANCE_DOCS") != "" && complete(inMemory) && complete(cluster) {
		text := readPage(t)
		before, _, after := section(t, text, tableBegin, tableEnd)
		before, _, after = section(t, before+Table(rigs, inMemory, cluster)+after, restBegin, restEnd)
		if err := os.WriteFile(page, []byte(before+Elsewhere()+after), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	expectPage(t, rigs, inMemory, cluster)
}
