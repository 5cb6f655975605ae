package capability

import (
	"fmt"
	"time"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/queue"
)

// Alias names the binding in logs, metrics and plans. Default: the plural of its kind. It must be a DNS label and
// unique within the capability.
func (s Selection[T]) Alias(name string) Selection[T] {
	return s.with(func(p *declare.Spec) {
		if problem := declare.LabelProblem(name); problem != "" {
			p.Wrong(fmt.Sprintf("Alias(%q): no valid name: %s", name, problem), "choose a DNS label such as \"web-pods\"")
			return
		}
		p.Alias = name
	})
}

// Concurrency is the number of callbacks of the binding that may run at once. Default: 16.
func (s Selection[T]) Concurrency(n int) Selection[T] {
	return s.with(func(p *declare.Spec) {
		if n < 1 {
			p.Wrong(fmt.Sprintf("Concurrency(%d): nothing would ever run", n), "give at least 1, or leave the step out for 16")
			return
		}
		p.Settings.Concurrency = n
	})
}

// Timeout is the time after which Ancho cancels the context of a callback. The object stays held until the callback
// returns. Default: none.
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

// MaxAttempts is how many calls in a row may fail since the object last changed. Then Ancho parks the object: it
// reports the object, and calls again when it changes in a way that passes the binding's steps, or when a trigger
// calls for it. Default: no limit.
func (s Selection[T]) MaxAttempts(n int) Selection[T] {
	return s.with(func(p *declare.Spec) {
		if n < 1 {
			p.Wrong(fmt.Sprintf("MaxAttempts(%d): nothing would ever be tried", n), "give at least 1, or leave the step out for no limit")
			return
		}
		p.Settings.MaxAttempts = n
	})
}

// MemoryBudget is how many bytes the binding's queued and running work may hold: raw objects, with Cached also their
// previous states, and, for Watch and with InOrder, 512 bytes per call. Over the budget, Ancho pauses reading, for
// seconds in total. Then it queues objects by identity only and reads them again when their turn comes, with the verb
// get, or list if get is not allowed. A Deleted, which cannot be read again, is Partial. Ancho also merges queued
// events of one object. With Cached, nothing is read again and no Deleted is Partial: Ancho uses the cached state.
// Default: 16 MiB.
func (s Selection[T]) MemoryBudget(bytes int64) Selection[T] {
	return s.with(func(p *declare.Spec) {
		if bytes < 1 {
			p.Wrong(fmt.Sprintf("MemoryBudget(%d): no event could wait", bytes), "give a positive number of bytes, or leave the step out for 16 MiB")
			return
		}
		p.Settings.MemoryBudget = bytes
	})
}

// Audit compares the binding's streams with a list of the objects' metadata every d. API servers and their stores have
// lost events permanently (kubernetes#123072), which no watch shows. Ancho logs and counts the objects that differ,
// and delivers the differences as after lost history. Bindings that share a stream share its shortest d. It needs the
// verb list. Default: never, or the program's --audit.
func (s Selection[T]) Audit(d time.Duration) Selection[T] {
	return s.with(func(p *declare.Spec) {
		if d <= 0 {
			p.Wrong(fmt.Sprintf("Audit(%s): no interval", d), "give a positive duration, such as an hour, or leave the step out")
			return
		}
		p.Settings.Audit = d
	})
}

// ManagedFields keeps metadata.managedFields in the objects that the binding's functions get. Without this step, Ancho
// removes it from typed, unstructured and metadata-only objects alike: it records which client set which field, is
// often a third of an object, and few callbacks need it.
//
// You can send an object without it in an update: the API server keeps the field if an update omits it. An empty list
// clears the field. Typed objects never send one; do not set one in an unstructured object
// (https://kubernetes.io/docs/reference/using-api/server-side-apply/#clearing-managedfields).
func (s Selection[T]) ManagedFields() Selection[T] {
	return s.with(func(p *declare.Spec) { p.Settings.ManagedFields = true })
}

// Queue widens what is serialised: of the binding's calls that share a namespace (PerNamespace), or of all of them
// (PerKind, Global), one runs at a time. Default: PerObject. It is a mistake on Watch, whose calls are never
// serialised.
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

// InOrder makes every event of an object its own call, in order, instead of the latest state. It is a mistake on
// Watch, which gets every event anyway.
func (s Selection[T]) InOrder() Selection[T] {
	return s.with(func(p *declare.Spec) { p.Settings.InOrder = true })
}

// Wide opens one cluster-wide stream instead of one per namespace, and filters on the client. It needs permission to
// watch the whole cluster. It is a mistake on a cluster-scoped kind.
func (s Selection[T]) Wide() Selection[T] {
	return s.with(func(p *declare.Spec) { p.Wide = true })
}
