package contender

// Commands that a contender which stays obeys, a line each on its standard input. It answers each with a Report.
// When its standard input ends, it ends.
const (
	// CommandBegin begins a period: what is measured from now on is reported by CommandEnd.
	CommandBegin = "begin"
	// CommandEnd ends the period.
	CommandEnd = "end"
	// CommandLook reports what was done up to now.
	CommandLook = "look"
	// CommandHeap collects garbage and reports what remains.
	CommandHeap = "heap"
	// CommandQuit ends the program.
	CommandQuit = "quit"
)

// EventDone is the event of the first report: all objects are handled. The event of an answer is its command.
const EventDone = "done"

// Report is one line on a contender's standard output.
type Report struct {
	// Event is what happened: EventDone, or the command that is answered.
	Event string `json:"event"`
	// Handled is how many different objects were handled since the start of the program.
	Handled int `json:"handled"`
	// Calls is how often the callback was called: since the start of the program, in the answer to CommandEnd
	// since the begin of the period.
	Calls int `json:"calls"`
	// CPUSeconds is the time that the process spent in user and in system mode, over the same time as Calls.
	CPUSeconds float64 `json:"cpuSeconds"`
	// PeakBytes is the most memory that the process had resident; 0 where the system does not tell.
	PeakBytes int64 `json:"peakBytes"`
	// ReadBytes is how much the contender read that decodes nothing.
	ReadBytes int64 `json:"readBytes,omitempty"`
	// HeapBytes is what remains on the heap after a collection; in the answer to CommandHeap alone.
	HeapBytes int64 `json:"heapBytes,omitempty"`
	// Updates is how many updates of the period were handled, up to now.
	Updates int `json:"updates,omitempty"`
	// LatenciesMicros are the times from sent to handled of the period's updates, in the answer to CommandEnd.
	LatenciesMicros []int64 `json:"latenciesMicros,omitempty"`
}
