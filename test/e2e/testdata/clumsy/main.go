// Clumsy does everything with Secrets, and goes wrong in all ways, so that a test can look for what it says.
package main

import (
	"os"

	"github.com/ancho-dev/ancho"
	"github.com/ancho-dev/ancho/internal/clumsy"
)

func main() { ancho.Main(clumsy.Capability(os.Getenv("CLUMSY_NAMESPACE"))) }
