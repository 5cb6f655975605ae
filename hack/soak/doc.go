// Soak runs a program made with Ancho for a long time against a real control plane that is broken again and again, and
// fails if something adds up that should not.
//
//	soak [--minutes 10] [--seed n]
//
// The program (the subject) is this one, started again, in a process of its own: its memory holds nothing of the
// load. It reaches the API server through a line that can be cut, as a user whose rights can be taken. Around it objects
// are created, changed, relabelled, deleted and created again all the while, connections are cut, the API server is
// killed and started, etcd's history compacted, rights revoked and given back. About every half minute all of it
// pauses: what the subject handled last has to be what the server has, and its heap and goroutines are measured.
//
// The exit code is 0 if all gates held, 1 with the reasons if not, and 2 for wrong arguments. gates.go has the gates.
package main
