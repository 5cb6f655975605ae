//go:build unix

package play

import (
	"os/exec"
	"syscall"
)

// detach keeps signals of the terminal from the process: it ends when the benchmark ends it.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
