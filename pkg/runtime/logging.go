package runtime

import (
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/go-logr/logr"
	"github.com/go-logr/zapr"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/term"
)

// Log formats of NewLogger.
const (
	LogText = "text" // for people
	LogJSON = "json" // for log collectors, one object a line
	LogAuto = "auto" // LogText where the writer is a terminal, else LogJSON
)

// NewLogger makes the logger that ancho.Main uses: zap behind logr, writing to w. The level is "debug",
// "info", "error", or a number as logr's V takes it (0 is info); the format is LogText, LogJSON or LogAuto.
func NewLogger(w io.Writer, level, format string) (logr.Logger, error) {
	at, err := logLevel(level)
	if err != nil {
		return logr.Discard(), err
	}
	cfg := zap.NewProductionEncoderConfig()
	cfg.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	cfg.EncodeDuration = zapcore.StringDurationEncoder
	var enc zapcore.Encoder
	switch resolveFormat(w, format) {
	case LogJSON:
		enc = zapcore.NewJSONEncoder(cfg)
	case LogText:
		cfg.EncodeTime = zapcore.TimeEncoderOfLayout("15:04:05.000")
		cfg.EncodeLevel = zapcore.CapitalLevelEncoder
		enc = zapcore.NewConsoleEncoder(cfg)
	default:
		return logr.Discard(), fmt.Errorf("log format %q: choose %s, %s or %s", format, LogText, LogJSON, LogAuto)
	}
	return zapr.NewLogger(zap.New(zapcore.NewCore(enc, zapcore.Lock(zapcore.AddSync(w)), at))), nil
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
	if format != LogAuto {
		return format
	}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return LogText
	}
	return LogJSON
}
