//go:build unix

package main

import (
	"fmt"
	"os"
	"syscall"
)

// lock takes the lock that the file at path stands for and returns how to
// release it; waiting is called before it waits for somebody else. The system
// releases the lock when the process dies, so it is never left behind.
func lock(path string, waiting func()) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // a folder of this project
	if err != nil {
		return nil, fmt.Errorf("open the lock of the build: %w", err)
	}
	fd := int(f.Fd())
	if syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		waiting()
		if err := syscall.Flock(fd, syscall.LOCK_EX); err != nil {
			_ = f.Close()
			return nil, fmt.Errorf("wait for another build: %w", err)
		}
	}
	return func() { _ = f.Close() }, nil
}
