package layers

// Module is the import path of this project's root package.
const Module = "github.com/ancho-dev/ancho"

// A Rule says what the package at Path, and those in folders below it, may
// import. The rule with the longest matching Path counts.
type Rule struct {
	// Path is relative to the module's root; empty for the root package alone.
	Path string
	// Project are the other packages of this project that may be imported, each
	// with the folders below it. Tests are held to the same, but for Tests.
	Project []string
	// Tests are packages of this project that only tests may import.
	Tests []string
	// Free lifts every limit on packages of this project: for what is at the end of all
	// arrows.
	Free bool
	// Denied are import paths from outside that may not be imported, each with
	// the paths below it, and Allowed are exceptions from that. Tests may
	// import what they like from outside.
	Denied, Allowed []string
	// Names limits, for an import path from outside, which of its names may be
	// used.
	Names map[string][]string
}

// Rules are the rules of this project: kind <- watcher <- capability <- runtime, with
// queue to one side.
func Rules() []Rule { return append(rules(), rooms()...) }

func rules() []Rule {
	return []Rule{
		{
			// The root package is Main alone, and what --embedded brings along.
			Path:    "",
			Project: []string{"pkg/capability", "pkg/kind", "pkg/runtime", "pkg/watcher/fake"},
		},
		{
			// What can be watched: types and names, no cluster.
			Path:   "pkg/kind",
			Denied: []string{"net", "k8s.io/client-go", "sigs.k8s.io/controller-runtime"},
		},
		{
			// The wire. It knows no declaration and no work.
			Path:    "pkg/watcher",
			Project: []string{"internal/advice", "internal/plaintext", "internal/poison", "internal/redirect", "pkg/kind"},
			Tests:   []string{"internal/marker", "internal/testenv"}, // its own tests on a real server
			Denied:  []string{"sigs.k8s.io/controller-runtime"},
		},
		{
			// What a server answered, written down: bytes and times, and no meaning.
			Path:   "pkg/recording",
			Denied: []string{"k8s.io/client-go", "sigs.k8s.io/controller-runtime"},
		},
		{
			// An API server in memory, beside the stream. Its tests put the two together.
			Path:    "pkg/watcher/fake",
			Project: []string{"pkg/kind", "pkg/recording"},
			Tests:   []string{"internal/testenv", "pkg/watcher"},
			Denied:  []string{"sigs.k8s.io/controller-runtime"},
		},
		{
			// What API servers are held to: the fake and a real one, in its tests.
			Path:    "pkg/watcher/conformance",
			Project: []string{"pkg/kind", "pkg/watcher"},
			Tests:   []string{"internal/testenv"},
			Denied:  []string{"sigs.k8s.io/controller-runtime"},
		},
		{
			// Ordered work, of whatever kind: no Kubernetes beyond the workqueue.
			Path:    "pkg/queue",
			Project: []string{"internal/container"},
			Denied:  []string{"net", "k8s.io", "sigs.k8s.io"},
			Allowed: []string{"k8s.io/client-go/util/workqueue", "k8s.io/utils/clock"},
		},
		{
			// What declarations come to. Users meet it as package capability, and the runtime compiles it.
			Path:    "internal/declare",
			Project: []string{"pkg/kind", "pkg/queue", "pkg/watcher"},
			Denied:  []string{"net", "k8s.io/client-go", "sigs.k8s.io/controller-runtime"},
		},
		{
			// Declarations. They open no connection: of clients, the types that Env
			// hands on are all they name.
			Path:    "pkg/capability",
			Project: []string{"internal/declare", "internal/plaintext", "pkg/kind", "pkg/queue", "pkg/watcher"},
			Tests:   []string{"internal/poison", "pkg/runtime"}, // examples print plans
			Denied:  []string{"net", "k8s.io/client-go", "sigs.k8s.io/controller-runtime"},
			Allowed: []string{"k8s.io/client-go/rest", "k8s.io/client-go/tools/events", "sigs.k8s.io/controller-runtime/pkg/client"},
			Names: map[string][]string{
				"k8s.io/client-go/rest":                     {"Config"},
				"k8s.io/client-go/tools/events":             {"EventRecorder"},
				"sigs.k8s.io/controller-runtime/pkg/client": {"Client", "Object"},
			},
		},
		{
			// Joins the rooms below it.
			Path:    "pkg/runtime",
			Project: []string{"internal/advice", "internal/declare", "internal/plaintext", "internal/redirect", "pkg/capability", "pkg/kind", "pkg/queue", "pkg/recording", "pkg/watcher"},
			Tests:   []string{"internal/poison"},
		},
		{
			// The kit that users test with: the runtime against the server in memory.
			Path:    "pkg/anchotest",
			Project: []string{"internal/declare", "pkg/capability", "pkg/kind", "pkg/runtime", "pkg/watcher/fake"},
			Tests:   []string{"examples", "pkg/queue"},
		},
		{
			// What a user of the library could write.
			Path:    "examples",
			Project: []string{"", "pkg/capability", "pkg/kind", "pkg/queue", "pkg/runtime"},
			Tests:   []string{"pkg/anchotest", "pkg/watcher/fake"},
		},
		{
			// What to do about requests that failed: errors are read, and none are made.
			Path:   "internal/advice",
			Denied: []string{"k8s.io/client-go", "sigs.k8s.io/controller-runtime"},
		},
		{
			// Text from outside, made safe to log and to keep: the standard library alone.
			Path:   "internal/plaintext",
			Denied: []string{"net", "k8s.io", "sigs.k8s.io"},
		},
		// Tools, tests and what holds the documentation to the code are at the end of
		// all arrows: nothing above names them.
		{Path: "docs", Free: true},
		{Path: "hack", Free: true},
		{Path: "internal", Free: true},
		{Path: "test", Free: true},
	}
}
