//go:build !unix

package testenv

import (
	"errors"
	"os"
	"os/exec"
)

// detach has nothing to do where there are no process groups.
func detach(*exec.Cmd) {}

// gone reports whether an error of a signal says that the process has ended.
func gone(err error) bool { return errors.Is(err, os.ErrProcessDone) }
