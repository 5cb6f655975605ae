package runtime

import (
	"fmt"
	"os"

	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/pkg/recording"
)

// record has all that uses the configuration recorded, if that is asked for. Else nothing is put in the way of a request.
func record(cfg *rest.Config, o Options) *recording.Recorder {
	if o.Record == nil {
		return nil
	}
	r := recording.New(o.Record, recording.Options{Secrets: o.RecordSecrets, Failed: func(err error) {
		o.Logger.Error(err, "the recording has ended; the program goes on")
	}})
	cfg.Wrap(r.Wrap)
	return r
}

// startRecorder returns how to end the recording.
func (r *Runtime) startRecorder() (stop func()) {
	if r.recorder == nil {
		return func() {}
	}
	r.log.Info("recording what the API server answers: the recording holds objects in full, keep it to yourself", "secrets", r.o.RecordSecrets)
	end := r.recorder.Start()
	return func() { _ = end() } // it was logged
}

// recordTo opens the file of a recording, for nobody else to read.
func recordTo(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // the user names it
	if err != nil {
		return nil, fmt.Errorf("--record: %w", err)
	}
	if err := f.Chmod(0o600); err != nil { // it was there before
		_ = f.Close()
		return nil, fmt.Errorf("--record: %w", err)
	}
	return f, nil
}
