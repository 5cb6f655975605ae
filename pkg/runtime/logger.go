package runtime

import (
	"io"

	"github.com/go-logr/logr"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/logs"
)

// Log formats of NewLogger.
const (
	LogText = logs.Text // for people
	LogJSON = logs.JSON // for log collectors, one object a line
	LogAuto = logs.Auto // LogText where the writer is a terminal, else LogJSON
)

// NewLogger makes a logger as ancho.Main has it: zap behind logr, writing to w. The level is "debug", "info", "error", or a
// number as logr's V takes it (0 is info); the format is LogText, LogJSON or LogAuto. Texts are cut at 4 KiB, and characters
// that do not print are escaped.
//
// A line is written before the call that logs it returns: callbacks that log wait for w. ancho.Main puts a bounded buffer in
// between, so that a pipe that nothing reads stops no callback; a program with a main function of its own needs a w that does not block.
func NewLogger(w io.Writer, level, format string) (logr.Logger, error) {
	return logs.New(w, level, format)
}
