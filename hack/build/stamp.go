package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

const stampFile = ".stamp"

// stamp identifies what the binaries of s are made from: the pinned modules, the
// compiler and the table in sets.go.
func (s set) stamp(module string) (string, error) {
	h := sha256.New()
	for _, name := range []string{"go.mod", "go.sum"} {
		b, err := os.ReadFile(filepath.Join(module, name)) //nolint:gosec // a folder of this project
		if err != nil {
			return "", fmt.Errorf("read what the module pins: %w", err)
		}
		fmt.Fprintf(h, "%s %d\n", name, len(b))
		h.Write(b)
	}
	fmt.Fprintf(h, "%s %s %s %+v\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, s.programs)
	return hex.EncodeToString(h.Sum(nil)), nil
}

// fresh reports whether out holds every binary of s, made from what want
// identifies.
func (s set) fresh(out, want string) bool {
	have, err := os.ReadFile(filepath.Join(out, stampFile)) //nolint:gosec // a folder of this project
	if err != nil || string(have) != want {
		return false
	}
	for _, p := range s.programs {
		if _, err := os.Stat(filepath.Join(out, p.name)); err != nil {
			return false
		}
	}
	return true
}

func writeStamp(out, stamp string) error {
	if err := os.WriteFile(filepath.Join(out, stampFile), []byte(stamp), 0o600); err != nil {
		return fmt.Errorf("note what was built: %w", err)
	}
	return nil
}
