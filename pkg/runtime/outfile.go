package runtime

import (
	"io/fs"
	"os"
)

// createFile creates a file that only its owner may read, and fails with fs.ErrExist where anything has that name already: a
// file, a directory, a device, or a symbolic link, also one that leads nowhere (O_EXCL, POSIX open(2)). So it never truncates
// another file or changes its mode.
func createFile(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the user names it
}

// existing says what has the name.
func existing(name string) string {
	info, err := os.Lstat(name)
	if err != nil {
		return "it"
	}
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return "the file"
	case mode.IsDir():
		return "a directory of that name"
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link of that name"
	default:
		return "a device, pipe or socket of that name"
	}
}
