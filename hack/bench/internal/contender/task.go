package contender

import (
	"encoding/json"
	"fmt"
	"os"
)

// TaskEnv names the environment variable that holds a Task as JSON.
const TaskEnv = "ANCHO_BENCH_TASK"

// Kinds that a contender can be told to watch.
const (
	Pods    = "pods"
	Widgets = "widgets"
)

// Annotations of the objects that the benchmark creates.
const (
	KeepAnnotation  = "bench.ancho.dev/keep"  // "yes" on one object in a hundred, the last among them
	ShardAnnotation = "bench.ancho.dev/shard" // 0 to Shards-1
	SentAnnotation  = "bench.ancho.dev/sent"  // when the update was sent, in nanoseconds since 1970
)

// Shards is how many groups of equal size the objects fall into.
const Shards = 50

// Task says what a contender shall do.
type Task struct {
	// Kubeconfig is the path of the file with the server's address and the client's certificate.
	Kubeconfig string `json:"kubeconfig,omitempty"`
	// Server is the URL of the server. Without a Kubeconfig it is all that is needed.
	Server string `json:"server,omitempty"`
	// HTTP is the address on which a contender that has an HTTP server of its own shall listen.
	HTTP string `json:"http,omitempty"`
	// CA, Cert and Key are paths of PEM files, for the contender that reads no kubeconfig.
	CA   string `json:"ca,omitempty"`
	Cert string `json:"cert,omitempty"`
	Key  string `json:"key,omitempty"`
	// Kind is Pods or Widgets.
	Kind string `json:"kind"`
	// Encoding is "protobuf" or "json", for the contender that decodes nothing.
	Encoding string `json:"encoding,omitempty"`
	// Expect is how many different objects have to be handled.
	Expect int `json:"expect"`
	// Total is one more than the highest number of an object.
	Total int `json:"total"`
	// Keep limits the work to objects whose KeepAnnotation says yes.
	Keep bool `json:"keep,omitempty"`
	// Bindings is how many bindings share the work, each with one value of ShardAnnotation; 0 and 1: one, without
	// a filter.
	Bindings int `json:"bindings,omitempty"`
	// Stay lets the contender go on after all is handled, and obey commands.
	Stay bool `json:"stay,omitempty"`
	// CPUProfile and HeapProfile are files to write profiles to; empty: none.
	CPUProfile  string `json:"cpuProfile,omitempty"`
	HeapProfile string `json:"heapProfile,omitempty"`
}

// TaskFromEnv reads the task.
func TaskFromEnv() (Task, error) {
	var t Task
	text := os.Getenv(TaskEnv)
	if text == "" {
		return t, fmt.Errorf("%s is not set: this program is run by `make bench`", TaskEnv)
	}
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		return t, fmt.Errorf("%s: %w", TaskEnv, err)
	}
	return t, nil
}

// Environment is the variable that makes a program do the task.
func (t Task) Environment() (string, error) {
	text, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("task: %w", err)
	}
	return TaskEnv + "=" + string(text), nil
}
