package fake

import (
	"net"
	"os"
	"syscall"
)

// Refuse is a server that takes no connection (rule 31). Requests that run go on; Cut ends them. On a port, where the
// connection is there already, it is closed before a byte of the answer.
func Refuse() Fault {
	return faultKind{begin: func(x *exchange) {
		x.breakOff(&net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)})
	}}
}

// Stall makes connections half open (rule 29): no byte goes either way, for running and for new requests, and neither
// side gets an error. When you stop the fault, the server sends the bytes that it held back, and requests whose
// clients still wait arrive. In the meantime a request ends with its client, or by Cut.
func Stall() Fault { return faultKind{stalls: true} }

// CutInFrame breaks an answer off in the middle: a watch within its next event or bookmark, the connection with it (rule 23), a list
// within its body. Without Times, each watch breaks off at its first event.
func CutInFrame() Fault {
	return faultKind{verbs: []string{"list", "watch"}, breaks: true}
}

// Cut breaks off the connections of the requests that run and fit the conditions, by default all watches, and returns how
// many these were (rule 30). What was not read yet is lost. New requests are served; to have those fail too, begin with
// Fault(Refuse()).
func (s *Server) Cut(conditions ...Condition) int {
	a := &Active{faults: &s.faults, where: whereOf([]string{"watch"}, conditions)}
	s.faults.mu.Lock()
	running := s.faults.hitBy(a)
	s.faults.mu.Unlock()
	for _, x := range running {
		x.breakOff(errBroken)
	}
	return len(running)
}
