package declare

import (
	"path"
	"runtime"
	"strconv"
	"strings"
)

// ownFunctions is how the names of this package's functions begin.
const ownFunctions = "github.com/ancho-dev/ancho/pkg/capability."

// Location is a place in the user's source. The zero location is unknown.
type Location struct {
	File string
	Line int
}

// Here finds the caller outside this package. Instantiating a method of a generic type puts frames
// of its own between the user's line and the method; they bear this package's name and are passed
// over with it.
func Here() Location {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		if f.File != "" && !strings.HasPrefix(f.File, "<") && !OwnFrame(f) {
			return Location{File: f.File, Line: f.Line}
		}
		if !more {
			return Location{}
		}
	}
}

func OwnFrame(f runtime.Frame) bool {
	return strings.HasPrefix(f.Function, ownFunctions) && !strings.HasSuffix(f.File, "_test.go")
}

// String is the last folder, the file and the line. It is the same wherever the program was built.
func (l Location) String() string {
	if l.File == "" {
		return "unknown place"
	}
	dir, file := path.Split(l.File)
	return path.Join(path.Base(dir), file) + ":" + strconv.Itoa(l.Line)
}
