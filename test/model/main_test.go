package model

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// The environment variables that say how long the model test goes on, and from which seed: how many programs, each with
// how many steps on average.
const (
	checksEnv = "ANCHO_MODEL_CHECKS"
	stepsEnv  = "ANCHO_MODEL_STEPS"
	seedEnv   = "ANCHO_MODEL_SEED"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if err := settings(); err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(2)
	}
	code := m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		os.Stderr.WriteString(err.Error() + "\n")
		code = 1
	}
	os.Exit(code)
}

// settings hands the variables to rapid, whose own flags win.
func settings() error {
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for _, s := range []struct{ env, flag, byDefault string }{
		{checksEnv, "rapid.checks", "8"},
		{stepsEnv, "rapid.steps", "40"},
		{seedEnv, "rapid.seed", strconv.FormatInt(time.Now().UnixNano(), 10)},
	} {
		v := os.Getenv(s.env)
		if v == "" {
			v = s.byDefault
		}
		if given[s.flag] {
			continue
		}
		if err := flag.Set(s.flag, v); err != nil {
			return fmt.Errorf("%s=%s: %w", s.env, v, err)
		}
	}
	return nil
}

// setting is the value of a flag.
func setting(name string) string { return flag.Lookup(name).Value.String() }
