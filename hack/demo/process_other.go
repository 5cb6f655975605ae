//go:build !unix

package main

import "os/exec"

// detach does nothing where there are no process groups; the control plane needs a Unix system anyway.
func detach(*exec.Cmd) {}
