package layers

// rooms are the arrows inside the folders of pkg.
func rooms() []Rule { return append(runtimeRooms(), watcherRooms()...) }

// watcherRooms are the arrows inside pkg/watcher: kind <- wire <- index, apiclient <- machine <- watcher.
func watcherRooms() []Rule {
	room := func(name string, below ...string) Rule {
		r := Rule{
			Path:    "pkg/watcher/internal/" + name,
			Project: []string{"internal/advice", "internal/plaintext", "internal/poison", "internal/redirect", "pkg/kind"},
			Tests:   []string{"internal/marker", "internal/testenv"},
			Denied:  []string{"sigs.k8s.io/controller-runtime"},
		}
		for _, b := range below {
			r.Project = append(r.Project, "pkg/watcher/internal/"+b)
		}
		return r
	}
	return []Rule{
		room("compact"),
		room("firsts"),
		room("wire"),
		room("index", "compact", "wire"),
		room("apiclient", "firsts", "wire"),
		room("report", "index", "wire"),
		room("machine", "apiclient", "firsts", "index", "report", "wire"),
	}
}

// runtimeRooms are the arrows inside pkg/runtime. No room names the package that joins them, and none reaches back.
func runtimeRooms() []Rule {
	room := func(name string, below ...string) Rule {
		r := Rule{
			Path:    "pkg/runtime/internal/" + name,
			Project: []string{"internal/advice", "internal/container", "internal/declare", "internal/plaintext", "pkg/capability", "pkg/kind", "pkg/queue", "pkg/watcher"},
		}
		for _, b := range below {
			r.Project = append(r.Project, "pkg/runtime/internal/"+b)
		}
		return r
	}
	compile := room("compile")
	compile.Tests = []string{"internal/poison"}
	return []Rule{
		compile,
		{Path: "pkg/runtime/internal/logbuf"},
		{Path: "pkg/runtime/internal/restmap", Project: []string{"pkg/kind"}},
		{Path: "pkg/runtime/internal/web"},
		room("patience"),
		room("logs", "logbuf"),
		room("kubeevents", "logs", "patience"),
		room("environment", "compile", "kubeevents", "restmap"),
		room("cli", "logs", "replicas", "rights"),
		room("live"),
		room("layout", "compile"),
		room("existence", "live"),
		room("finalize", "live"),
		room("trigger", "compile"),
		room("plan", "compile"),
		room("rights", "compile", "live", "plan"),
		room("replicas", "live"),
		room("observe", "compile", "replicas"),
		room("dispatch", "compile", "binding", "layout", "live", "observe", "plan"),
		room("binding", "compile", "existence", "finalize", "layout", "live", "logs", "observe", "replicas", "trigger"),
	}
}
