// Command examples runs all examples as one program. Try it without a cluster:
//
//	go run ./examples --plan
//
// and with one that it brings along: make demo.
package main

import (
	"github.com/ancho-dev/ancho"
	hello "github.com/ancho-dev/ancho/examples/01-hello"
	namespaces "github.com/ancho-dev/ancho/examples/02-namespaces"
	webapp "github.com/ancho-dev/ancho/examples/03-webapp"
)

func main() { ancho.Main(hello.Capability, namespaces.Capability, webapp.Capability) }
