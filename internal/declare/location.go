package declare

import (
	"path"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// ownFunctions is how the names of functions begin in the packages that declare and compile.
var ownFunctions = []string{
	"github.com/ancho-dev/ancho/internal/declare.",
	"github.com/ancho-dev/ancho/pkg/capability.",
	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile.",
}

// Location is a place in the user's source. The zero location is unknown.
type Location struct {
	File string
	Line int
}

// Here finds the caller outside of package capability. Instantiating a method of a generic type puts frames
// of its own between the user's line and the method; they bear that package's name and are passed
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

// OwnFrame reports whether a frame is of the packages that declare and compile, and not of a user.
func OwnFrame(f runtime.Frame) bool {
	if strings.HasSuffix(f.File, "_test.go") {
		return false
	}
	return slices.ContainsFunc(ownFunctions, func(own string) bool { return strings.HasPrefix(f.Function, own) })
}

// String is the last folder, the file and the line. It is the same wherever the program was built.
func (l Location) String() string {
	if l.File == "" {
		return "unknown place"
	}
	dir, file := path.Split(l.File)
	return path.Join(path.Base(dir), file) + ":" + strconv.Itoa(l.Line)
}
