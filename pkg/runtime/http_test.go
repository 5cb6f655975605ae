package runtime

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"reflect"
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// An address that is taken ends Run, and the error names the flag. What was opened before is closed.
func TestRunReportsAnAddressThatIsTaken(t *testing.T) {
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	for flag, set := range map[string]func(*Options, string){
		"--http":  func(o *Options, a string) { o.HTTPAddress, o.AdminAddress = a, "127.0.0.1:0" },
		"--admin": func(o *Options, a string) { o.HTTPAddress, o.AdminAddress = "127.0.0.1:0", a },
	} {
		o := oneCapability(capability.When(kind.ConfigMap).Watch(ignoreMap))
		set(&o, l.Addr().String())
		r, err := New((&stub{}).config(t), o)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "choose another address with "+flag+",") {
			t.Errorf("%s: Run returned %v", flag, err)
		}
	}
}

// serving starts a runtime with both addresses, and returns them.
func serving(t *testing.T) (r *running, health, admin string) {
	t.Helper()
	o := oneCapability(capability.When(kind.ConfigMap).Watch(ignoreMap))
	o.HTTPAddress, o.AdminAddress = "127.0.0.1:0", "127.0.0.1:0"
	r = start(t, &stub{}, o)
	for what, to := range map[string]*string{"health": &health, "metrics and debug": &admin} {
		line := regexp.MustCompile(`"msg"="serving ` + what + `" "address"="([^"]+)"`)
		until(t, what, func() bool {
			m := line.FindStringSubmatch(r.log.String())
			if m != nil {
				*to = m[1]
			}
			return m != nil
		})
	}
	return r, health, admin
}

// Each address serves its own paths and no others.
func TestTwoAddresses(t *testing.T) {
	_, health, admin := serving(t)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ask := func(address, path, host string) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	for path, by := range map[string]string{
		"/healthz": health, "/metrics": admin, "/debug": admin, "/debug/plan": admin, "/debug/pprof/": admin,
		"/debug/pprof/goroutine?debug=1": admin, "/debug/pprof/cmdline": "", "/debug/vars": "", "/": "",
	} {
		for _, at := range []string{health, admin} {
			want := http.StatusNotFound
			if at == by {
				want = http.StatusOK
			}
			if code := ask(at, path, ""); code != want {
				t.Errorf("%s on %s: %d, want %d", path, map[string]string{health: "--http", admin: "--admin"}[at], code, want)
			}
		}
		if by == admin {
			if code := ask(admin, path, "evil.example:8081"); code != http.StatusForbidden {
				t.Errorf("%s for a foreign Host: %d", path, code)
			}
		}
	}
	if code := ask(health, "/readyz", "any.name"); code != http.StatusOK && code != http.StatusServiceUnavailable {
		t.Errorf("/readyz: %d", code)
	}
}

func TestAnAdminAddressForOthersIsLogged(t *testing.T) {
	o := oneCapability(capability.When(kind.ConfigMap).Watch(ignoreMap))
	o.AdminAddress = ":0"
	r := start(t, &stub{}, o)
	until(t, "a warning", func() bool { return strings.Contains(r.log.String(), "other machines can read metrics and debug") })
	r, _, _ = serving(t)
	if strings.Contains(r.log.String(), "other machines") {
		t.Error("the log warns of a loopback address")
	}
}

func TestProfilesAreForThisMachine(t *testing.T) {
	r := start(t, &stub{}, oneCapability(capability.When(kind.ConfigMap).Watch(ignoreMap)))
	if code, _ := r.get(t, "/debug/pprof/heap"); code != http.StatusForbidden { // httptest's requests come from 192.0.2.1
		t.Errorf("another machine gets %d", code)
	}
}

// The host that --admin names is one that it answers for.
func TestAdminAddressByName(t *testing.T) {
	o := oneCapability(capability.When(kind.ConfigMap).Watch(ignoreMap))
	o.AdminAddress = "my.name:8081"
	r, err := New((&stub{}).config(t), o)
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]int{"my.name:8081": http.StatusOK, "another.name:8081": http.StatusForbidden} {
		w := httptest.NewRecorder()
		r.AdminHandler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+"/debug/plan", http.NoBody))
		if w.Code != want {
			t.Errorf("%s: %d, want %d", host, w.Code, want)
		}
	}
}

// Nothing of this module registers a handler for all programs that serve http.DefaultServeMux. The client library of Prometheus
// imports expvar, which does, and there is no way around it.
func TestDefaultServeMux(t *testing.T) {
	for _, path := range []string{"/", "/metrics", "/healthz", "/debug", "/debug/pprof/", "/debug/pprof/profile", "/debug/requests", "/debug/events"} {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
		if _, pattern := http.DefaultServeMux.Handler(req); pattern != "" {
			t.Errorf("%s is registered on http.DefaultServeMux as %q", path, pattern)
		}
	}
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{.ImportPath}}: {{range .Imports}}{{.}} {{end}}", "github.com/ancho-dev/ancho").Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for line := range strings.Lines(string(out)) {
		lines++
		from, imports, _ := strings.Cut(line, ": ")
		for one := range strings.FieldsSeq(imports) {
			switch {
			case one == "expvar" && from == "github.com/prometheus/client_golang/prometheus":
			case one == "net/http/pprof", one == "expvar", one == "golang.org/x/net/trace":
				t.Errorf("%s imports %s, which registers handlers on http.DefaultServeMux", from, one)
			}
		}
	}
	if lines < 100 {
		t.Errorf("%d packages: this test looks in the wrong place", lines)
	}
}

// parking starts a runtime of two bindings that park n objects.
func parking(t *testing.T, n int) *running {
	t.Helper()
	s := &stub{}
	for i := range n {
		s.objects = append(s.objects, mapNamed(fmt.Sprintf("m%04d", i)))
	}
	fails := func(context.Context, capability.Event[*corev1.ConfigMap]) error {
		return capability.Permanent(fmt.Errorf("refused"))
	}
	maps := capability.When(kind.ConfigMap)
	r := start(t, s, oneCapability(
		maps.Alias("one").Reconcile(fails), maps.Alias("quiet").Reconcile(ignoreMap), maps.Alias("two").Reconcile(fails),
	))
	until(t, "all are parked", func() bool { return r.Snapshot().Totals.Parked == 2*n })
	until(t, "nothing runs", func() bool { return r.Snapshot().Totals.Running == 0 })
	return r
}

func (r *running) page(t *testing.T, query string) (s Snapshot, bytes int) {
	t.Helper()
	code, text := r.get(t, "/debug"+query)
	if code != http.StatusOK {
		t.Fatalf("/debug%s: %d %s", query, code, text)
	}
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	return s, len(text)
}

// A page of /debug is bounded, and the pages together are the whole snapshot.
func TestDebugPages(t *testing.T) {
	const n = 150
	r := parking(t, n)
	whole := r.Snapshot()
	first, size := r.page(t, "")
	if first.Continue == "" || first.Totals != whole.Totals || size > 64<<10 {
		t.Errorf("continues at %q, totals %+v, want %+v; %d bytes", first.Continue, first.Totals, whole.Totals, size)
	}
	for _, limit := range []int{1, 2, 7, 100, 1000} {
		got, pages := Snapshot{Streams: []StreamSnapshot{}, Bindings: []BindingSnapshot{}}, 0
		for next := ""; pages == 0 || next != ""; pages++ {
			s, _ := r.page(t, fmt.Sprintf("?limit=%d&continue=%s", limit, next))
			rows := len(s.Streams) + len(s.Bindings)
			got.Streams = append(got.Streams, s.Streams...)
			for _, b := range s.Bindings {
				rows += len(b.Parked)
				if last := len(got.Bindings) - 1; last >= 0 && got.Bindings[last].Binding == b.Binding {
					got.Bindings[last].Parked = append(got.Bindings[last].Parked, b.Parked...)
					rows-- // its binding is named again
					continue
				}
				got.Bindings = append(got.Bindings, b)
			}
			if rows > limit || rows == 0 || s.Continue == next && next != "" {
				t.Fatalf("limit %d: a page of %d rows, continues at %q after %q", limit, rows, s.Continue, next)
			}
			next = s.Continue
		}
		if names := parkedNames(got); !reflect.DeepEqual(names, parkedNames(whole)) || len(got.Streams) != len(whole.Streams) || len(got.Bindings) != 3 {
			t.Errorf("limit %d: %d pages have %d parked objects, %d streams and %d bindings", limit, pages, len(names), len(got.Streams), len(got.Bindings))
		}
	}
	for _, query := range []string{"?limit=0", "?limit=1001", "?limit=x", "?continue=x", "?continue=e30", "?limit=-1"} {
		if code, text := r.get(t, "/debug"+query); code != http.StatusBadRequest {
			t.Errorf("%s: %d %s", query, code, text)
		}
	}
}

func parkedNames(s Snapshot) (out []string) {
	for _, b := range s.Bindings {
		for _, p := range b.Parked {
			out = append(out, b.Binding+" "+p.Object)
		}
	}
	return out
}
