package logs

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/zapr"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/term"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/logbuf"
)

// Formats of New.
const (
	Text = "text" // for people
	JSON = "json" // for log collectors, one object a line
	Auto = "auto" // Text where the writer is a terminal, else LogJSON
)

// New makes a logger as ancho.Main has it: zap behind logr, writing to w. The level is "debug", "info", "error", or a
// number as logr's V takes it (0 is info); the format is Text, JSON or Auto. Texts are cut at 4 KiB, and characters
// that do not print are escaped.
//
// A line is written before the call that logs it returns: callbacks that log wait for w. ancho.Main puts a bounded buffer in
// between, so that a pipe that nothing reads stops no callback; a program with a main function of its own needs a w that does not block.
func New(w io.Writer, level, format string) (logr.Logger, error) {
	at, err := logLevel(level)
	if err != nil {
		return logr.Discard(), err
	}
	enc, err := logEncoder(resolveFormat(w, format))
	if err != nil {
		return logr.Discard(), err
	}
	return newLogger(enc, w, at), nil
}

// NewBuffered is New for a program of Main, whose lines wait in out, which writes to to. Auto looks at that writer.
func NewBuffered(out *logbuf.Writer, to io.Writer, level, format string) (logr.Logger, error) {
	at, err := logLevel(level)
	if err != nil {
		return logr.Discard(), err
	}
	enc, err := logEncoder(resolveFormat(to, format))
	if err != nil {
		return logr.Discard(), err
	}
	out.OnLost(func(n uint64) []byte { return lostLine(enc, n) })
	return newLogger(enc, out, at), nil
}

func newLogger(enc zapcore.Encoder, w io.Writer, at zapcore.Level) logr.Logger {
	return zapr.NewLogger(zap.New(boundedCore{zapcore.NewCore(enc, zapcore.Lock(zapcore.AddSync(escaping{w})), at)}))
}

// lostLine says how many messages did not reach the log.
func lostLine(enc zapcore.Encoder, n uint64) []byte {
	line, err := enc.Clone().EncodeEntry(zapcore.Entry{
		Level: zapcore.ErrorLevel, Time: time.Now(), Message: "log messages were lost here: the log could not be written as fast as they came",
	}, []zapcore.Field{zap.Uint64("lost", n)})
	if err != nil { // of a text and a number: there is no way
		return nil
	}
	defer line.Free()
	return bytes.Clone(line.Bytes())
}

func logEncoder(format string) (zapcore.Encoder, error) {
	cfg := zap.NewProductionEncoderConfig()
	cfg.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	cfg.EncodeDuration = zapcore.StringDurationEncoder
	switch format {
	case JSON:
		return zapcore.NewJSONEncoder(cfg), nil
	case Text:
		cfg.EncodeTime = zapcore.TimeEncoderOfLayout("15:04:05.000")
		cfg.EncodeLevel = zapcore.CapitalLevelEncoder
		return zapcore.NewConsoleEncoder(cfg), nil
	default:
		return nil, fmt.Errorf("log format %q: choose %s, %s or %s", format, Text, JSON, Auto)
	}
}

// logLevel reads a level's name, or a number: the V levels of logr are zap's levels turned around.
func logLevel(s string) (zapcore.Level, error) {
	switch s {
	case "debug":
		return zapcore.DebugLevel, nil
	case "info":
		return zapcore.InfoLevel, nil
	case "error":
		return zapcore.ErrorLevel, nil
	}
	v, err := strconv.ParseInt(s, 10, 8)
	switch {
	case err != nil || v < 0:
		return 0, fmt.Errorf("log level %q: choose debug, info, error, or a number from 0 to %d", s, bodies-1)
	case v >= bodies:
		return 0, fmt.Errorf("log level %q: choose %d at most; from %d on client-go would log whole requests and answers, Secrets among them", s, bodies-1, bodies)
	}
	return zapcore.Level(-v), nil
}

func resolveFormat(w io.Writer, format string) string {
	if format != Auto {
		return format
	}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return Text
	}
	return JSON
}
