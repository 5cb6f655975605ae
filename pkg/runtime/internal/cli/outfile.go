package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// createFile creates a file that only its owner may read, and fails with fs.ErrExist where anything has that name already: a
// file, a directory, a device, or a symbolic link, also one that leads nowhere (O_EXCL, POSIX open(2)). So it never truncates
// another file or changes its mode.
func createFile(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the user names it
}

// taken says what has the name already, and what to do. Only a file or a link may be removed for a new file: /dev/null may not.
func taken(name string) (what, todo string) {
	const other, remove = "name another file", "remove it, or name another file"
	info, err := os.Lstat(name)
	if err != nil {
		return "something", remove
	}
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return "a file", remove
	case mode.IsDir():
		return "a directory", other
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link", remove
	default:
		return "a device, pipe or socket", other
	}
}

// RecordTo creates the file of a recording, readable by its owner alone.
func RecordTo(name string) (*os.File, error) {
	f, err := createFile(name)
	switch {
	case errors.Is(err, fs.ErrExist):
		what, todo := taken(name)
		return nil, fmt.Errorf("--record %s: %s has this name already, and Ancho writes only files that it creates: %s", name, what, todo)
	case err != nil:
		return nil, fmt.Errorf("--record: %w", err)
	}
	return f, nil
}
