package capability

import (
	"fmt"
	"time"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/queue"
)

// Alias names the binding in logs, metrics and plans, instead of the plural of its kind. It is a DNS
// label and must be unique within the capability.
func (s Selection[T]) Alias(name string) Selection[T] {
	return s.with(func(p *declare.Spec) {
		if problem := declare.LabelProblem(name); problem != "" {
			p.Wrong(fmt.Sprintf("Alias(%q): no valid name: %s", name, problem), "choose a DNS label such as \"web-pods\"")
			return
		}
		p.Alias = name
	})
}

// Concurrency is how many callbacks of the binding may run at once. Default: 16.
func (s Selection[T]) Concurrency(n int) Selection[T] {
	return s.with(func(p *declare.Spec) {
		if n < 1 {
			p.Wrong(fmt.Sprintf("Concurrency(%d): nothing would ever run", n), "give at least 1, or leave the step out for 16")
			return
		}
		p.Settings.Concurrency = n
	})
}

// Timeout is after how long the context of a callback is cancelled. The object stays held until the
// callback returns. Default: never.
func (s Selection[T]) Timeout(d time.Duration) Selection[T] {
	return s.with(func(p *declare.Spec) {
		if d <= 0 {
			p.Wrong(fmt.Sprintf("Timeout(%s): no callback could finish", d), "give a positive duration, or leave the step out for none")
			return
		}
		p.Settings.Timeout = d
	})
}

// Backoff bounds the delays between failed calls for an object: the first is lowest, each next one is
// about twice as long, up to highest. Default: 200ms to 5m.
func (s Selection[T]) Backoff(lowest, highest time.Duration) Selection[T] {
	return s.with(func(p *declare.Spec) {
		switch {
		case lowest <= 0 || highest <= 0:
			p.Wrong(fmt.Sprintf("Backoff(%s, %s): a delay must be positive", lowest, highest), "give two positive durations, or leave the step out for 200ms and 5m")
		case lowest > highest:
			p.Wrong(fmt.Sprintf("Backoff(%s, %s): the least delay is longer than the greatest", lowest, highest), "give the shorter one first")
		default:
			p.Settings.Backoff = queue.Backoff{Min: lowest, Max: highest}
		}
	})
}

// MaxAttempts is how many calls in a row may fail since the object last changed. Then the object is parked: reported, and called for
// again when it changes in a way that the binding's steps let through, or a trigger wakes it. Default: no limit.
func (s Selection[T]) MaxAttempts(n int) Selection[T] {
	return s.with(func(p *declare.Spec) {
		if n < 1 {
			p.Wrong(fmt.Sprintf("MaxAttempts(%d): nothing would ever be tried", n), "give at least 1, or leave the step out for no limit")
			return
		}
		p.Settings.MaxAttempts = n
	})
}

// MemoryBudget is how many bytes may wait for the binding's callbacks: raw objects, with Cached also as they were before,
// and, for Watch and with InOrder, 512 bytes for each call. Over it reading pauses, for seconds in all. Then an object
// waits by its identity alone and is read again when its turn comes, with the verb get, or list where that is all there
// is; a Deleted, which nobody can read again, is Partial; and events of one object that wait are merged. With Cached
// nothing is read again and no Deleted is Partial: what is kept takes the place of what did not fit. Default: 16 MiB.
func (s Selection[T]) MemoryBudget(bytes int64) Selection[T] {
	return s.with(func(p *declare.Spec) {
		if bytes < 1 {
			p.Wrong(fmt.Sprintf("MemoryBudget(%d): no event could wait", bytes), "give a positive number of bytes, or leave the step out for 16 MiB")
			return
		}
		p.Settings.MemoryBudget = bytes
	})
}

// Audit compares the binding's streams with a list of the objects' metadata every d. API servers and their stores have lost events for good
// (kubernetes#123072), which no watch shows. Ancho logs and counts the objects that differ, and delivers the differences as after lost
// history. Bindings that share a stream share its shortest d. It needs the verb list. Default: never, or as --audit says for the program.
func (s Selection[T]) Audit(d time.Duration) Selection[T] {
	return s.with(func(p *declare.Spec) {
		if d <= 0 {
			p.Wrong(fmt.Sprintf("Audit(%s): no interval", d), "give a positive duration, such as an hour, or leave the step out")
			return
		}
		p.Settings.Audit = d
	})
}

// ManagedFields leaves metadata.managedFields in the objects that the binding's functions get. Without this
// step it is taken out, in typed, unstructured and metadata-only objects alike: it records which client set
// which field, is often a third of an object, and is of use to few.
//
// An object without it may be sent in an update: the API server keeps the field where an update
// leaves it out. It clears the field where the update has an empty list, which typed objects never send; in
// an unstructured object, do not set one
// (https://kubernetes.io/docs/reference/using-api/server-side-apply/#clearing-managedfields).
func (s Selection[T]) ManagedFields() Selection[T] {
	return s.with(func(p *declare.Spec) { p.Settings.ManagedFields = true })
}

// Queue widens what is serialised: of the calls of the binding that share a namespace (PerNamespace)
// or all of them (PerKind, Global), one runs at a time. Default: PerObject. It does not fit Watch, whose
// calls are never queued.
func (s Selection[T]) Queue(strategy Strategy) Selection[T] {
	return s.with(func(p *declare.Spec) {
		queued, known := strategy.queued()
		if !known {
			p.Wrong(fmt.Sprintf("Queue(%q): there is no such strategy", strategy), "use capability.PerObject, PerNamespace, PerKind or Global")
			return
		}
		p.Queued, p.Settings.Strategy = true, queued
	})
}

// InOrder makes every event of an object a call of its own, in order, instead of the latest state. It
// does not fit Watch, which sees every event anyhow.
func (s Selection[T]) InOrder() Selection[T] {
	return s.with(func(p *declare.Spec) { p.Settings.InOrder = true })
}

// Wide asks for one cluster-wide stream instead of one for each of several namespaces, and filters
// here. It needs the right to watch the whole cluster. It is a mistake on a cluster-scoped kind.
func (s Selection[T]) Wide() Selection[T] {
	return s.with(func(p *declare.Spec) { p.Wide = true })
}
