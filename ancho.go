// Package ancho makes a program of Kubernetes controllers out of capabilities. A capability declares what
// to watch and what to do (package capability); [Main] keeps the streams open, orders the work, serves
// health and metrics, and stops in good order.
//
// This package holds Main and nothing else. Programs with a main function of their own use package runtime.
package ancho

import (
	"os"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

// Main runs the capabilities and ends the process: with 0 when it was stopped as asked (SIGTERM or an
// interrupt), 1 when it could not run, 2 when a flag or a declaration is wrong. It reads its flags from
// os.Args (--help lists them) and finds the cluster as kubectl does, in a Pod by its service account. With
// --embedded it brings an API server in memory along, and needs no cluster.
func Main(funcs ...capability.Func) {
	p := runtime.Program{Capabilities: funcs, Embedded: openEmbedded}
	os.Exit(p.Main(os.Args, os.Stdout, os.Stderr))
}

// embedded is an API server in memory with a port. It is put in here, so that programs with a main function of
// their own do not carry it (ADR 0010).
type embedded struct {
	*fake.Port
	server *fake.Server
}

func openEmbedded() (runtime.EmbeddedServer, error) {
	s := fake.New()
	port, err := s.Listen()
	return embedded{port, s}, err
}

// Register implements runtime.EmbeddedServer.
func (e embedded) Register(kinds ...kind.Any) { e.server.Register(kinds...) }
