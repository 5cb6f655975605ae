package queue

import "time"

// Stats are counts at one moment.
type Stats struct {
	// Waiting calls: due, or behind one of their object that is not.
	Waiting int
	// Running calls.
	Running int
	// Retrying is how many failed calls wait for the end of their delay.
	Retrying int
	// Requeued is how many requeues wait for the end of their delay.
	Requeued int
	// Parked objects: see ParkedInfo.
	Parked int
	// Bytes is the weight of queued and running work, as Limit counts it; 0 without a limit.
	Bytes int64
}

// RunningInfo describes a call that runs.
type RunningInfo struct {
	Key     Key
	UID     string
	Type    EventType
	Attempt int
	Started time.Time
}

// ParkedInfo describes an object whose work failed permanently: the queue retries
// it when an event of it passes.
type ParkedInfo struct {
	Key     Key
	UID     string
	Type    EventType
	Attempt int
	Since   time.Time
	Err     error
}
