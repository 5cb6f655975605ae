package report

// Names of scenarios.
const (
	ColdPods   = "cold-pods"
	ColdCustom = "cold-crs"
	Filter     = "filter-1pct"
	Churn      = "churn"
	Fifty      = "fifty"
	Cut        = "cut"
	Heap       = "heap"
	Million    = "million"
)

// Names of contenders. Reference is the one that the others are compared with.
const (
	Ancho         = "ancho"
	Reference     = "controller-runtime"
	Informer      = "client-go informer"
	Fluent        = "kubernetes-fluent-client"
	DropProtobuf  = "read and drop (protobuf)"
	DropJSON      = "read and drop (JSON)"
	OneBinding    = "ancho, 1 binding"
	FiftyBindings = "ancho, 50 bindings"
)

// Names of metrics.
const (
	CPU        = "CPU"
	Peak       = "peak memory"
	Wall       = "time"
	ObjectSize = "an object"
	CPUEvent   = "CPU an update"
	P99        = "p99"
	Streams    = "streams"
	Crossed    = "crossed the wire"
	Lists      = "lists"
	HeapObject = "heap an object"
	HeapGone   = "heap when they are gone"
	HeapLeft   = "left of an object"
)
