// Package queue decides when a callback is called: in which order, how many at
// once, which events are merged, and when failed calls are retried.
//
// There are two engines with one vocabulary:
//
//   - [Queue] serves Reconcile: at most one call at a time for an object, with
//     its latest state; events that arrive while one is queued or running are merged. With
//     [Options.InOrder] every event is a call of its own, still one at a time.
//   - [Pool] serves Watch: every event is a call of its own; calls run
//     concurrently, also two for one object, and start in the order of Add.
//
// Both take an [Event], make of it a [Call], give it to a [Handler] and act on
// the [Result]. Both are generic over the payload, of which a Queue keeps only
// the latest per object.
//
// # Words
//
// An object is a namespace and a name ([Key]); two objects that had one name,
// one after the other, differ in UID and are never merged. An object is at rest
// when nothing of it waits, runs or is parked; an object at rest costs nothing.
// A lane is what is serialised (see [Strategy]): an object, a namespace, or all
// of a queue. A slot is one of Concurrency places for running calls. A call
// starts when its object, its lane and a slot are all free; a call that waits for
// a retry holds none of them.
//
// # What follows from the rules
//
//   - A requeue of a Deleted or Left keeps its type, and until it is done the next
//     object of that name waits, as it does for a retry.
//   - A trigger ([Queue.Wake]) is an event that passed: it makes the queue retry a
//     parked object. It has no UID, and counts for the known object.
//   - What an object would do only later (a requeue) or only when it changes
//     (parked) is dropped when another object has its name.
//   - Work that failed permanently while events arrived is not parked: the object changed.
//   - A new generation makes a retry or a requeue due at once, but not twice within
//     Backoff.Min, and has attempts begin again. So does an object that enters or
//     leaves the set, and the first event that tells the generation of an object.
//   - A trigger, and each change of an object without generations, makes a retry due
//     Backoff.Min after the failure; attempts go on. A handler whose failure causes
//     such events is slowed down after 30 in a row (see patience).
//   - MaxAttempts counts the failures since an event last passed or brought a retry
//     forward, so the last state has all its attempts.
//   - Calls that hang in one namespace make room for other namespaces (see [Hanging]).
//     Calls of the namespace that hangs start again once fewer than Concurrency run.
//   - With InOrder, and in a Pool, nothing is parked: the event is given up.
//
// # What it never does
//
// It knows no Kubernetes beyond client-go's workqueue, which keeps the books on
// which lane is dirty and which is being processed, over an order of our own. It
// reads no object, decodes nothing, logs nothing (see [Observer]) and keeps no
// goroutine when nothing has run for a second. Its time is that of package time, so that a test
// runs it in virtual time with testing/synctest.
package queue
