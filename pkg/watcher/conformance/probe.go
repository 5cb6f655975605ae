package conformance

import (
	"context"
	"fmt"
	"hash/fnv"
	"net/http"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"k8s.io/client-go/rest"
)

// probe is one run of a case on a server. It is used by one goroutine.
type probe struct {
	ctx       context.Context
	server    Server
	namespace string // the case's own
	client    *http.Client
	host      string
	wrong     []string
	deferred  []func()
}

// namespaceOf is the namespace in which the case of a name works.
func namespaceOf(name string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return fmt.Sprintf("case-%x", h.Sum64())
}

// errorf notes that something is wrong, and where the case says so.
func (p *probe) errorf(format string, args ...any) {
	p.wrong = append(p.wrong, place()+fmt.Sprintf(format, args...))
}

// fatalf notes that something is wrong, and ends the case.
func (p *probe) fatalf(format string, args ...any) {
	p.errorf(format, args...)
	runtime.Goexit()
}

func (p *probe) must(err error) {
	if err != nil {
		p.fatalf("%v", err)
	}
}

// place is the line of the case that is under way.
func place() string {
	pcs := make([]uintptr, 16)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		f, more := frames.Next()
		if file := filepath.Base(f.File); strings.HasPrefix(file, "cases_") {
			return fmt.Sprintf("%s:%d: ", file, f.Line)
		}
		if !more {
			return ""
		}
	}
}

// later has f called when the case is over; the last given first.
func (p *probe) later(f func()) { p.deferred = append(p.deferred, f) }

func (p *probe) cleanup() {
	for _, f := range slices.Backward(p.deferred) {
		f()
	}
}

func (p *probe) connect() { p.client, p.host = p.reach(p.server.Config) }

// reach is a way to a server for requests of the case's own.
func (p *probe) reach(config *rest.Config) (client *http.Client, host string) {
	client, err := rest.HTTPClientFor(config)
	p.must(err)
	u, _, err := rest.DefaultServerUrlFor(config)
	p.must(err)
	return client, strings.TrimSuffix(u.String(), "/")
}

// as has the requests that f sends be those of another configuration.
func (p *probe) as(config *rest.Config, f func()) {
	client, host := p.client, p.host
	defer func() { p.client, p.host = client, host }()
	p.client, p.host = p.reach(config)
	p.later(p.client.CloseIdleConnections)
	f()
}

// in is the path of a namespaced resource in the case's namespace, with a name if that is given, such as
// in("configmaps", "a") and in("apps/v1/deployments").
func (p *probe) in(resource string, name ...string) string {
	group, plural, ok := cutLast(resource, "/")
	path := "/apis/" + group
	if !ok {
		path, plural = "/api/v1", resource
	}
	return strings.Join(append([]string{path + "/namespaces/" + p.namespace + "/" + plural}, name...), "/")
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return "", s, false
}

const gizmos = "example.com/v1/gizmos"

// gizmo is the text of a Gizmo; metadata and the rest begin with a comma.
func gizmo(name, metadata, rest string) string {
	return `{"apiVersion":"example.com/v1","kind":"Gizmo","metadata":{"name":"` + name + `"` + metadata + `}` + rest + `}`
}

// configMap is the text of a ConfigMap, as gizmo's.
func configMap(name, metadata, rest string) string {
	return `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"` + name + `"` + metadata + `}` + rest + `}`
}

// create makes a ConfigMap with labels of the form `"app":"x"`, and returns it.
func (p *probe) create(name string, labels ...string) *answer {
	return p.post(p.in("configmaps"), configMap(name, `,"labels":{`+strings.Join(labels, ",")+`}`, "")).is(http.StatusCreated)
}

// relabel changes the labels of a ConfigMap, and remove takes one away.
func (p *probe) relabel(name string, labels ...string) *answer {
	return p.patch(p.in("configmaps", name), mergePatch, `{"metadata":{"labels":{`+strings.Join(labels, ",")+`}}}`).is(http.StatusOK)
}

func (p *probe) remove(name string) { p.del(p.in("configmaps", name), "").is(http.StatusOK) }

// replace puts a name into a text.
func replace(text, name string) string { return strings.Replace(text, "NAME", name, 1) }
