package runtime

import (
	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/pkg/recording"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/patience"
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
	return func() { patience.WaitFor(r.patience(), func() { _ = end() }) } // what went wrong was logged; a disk may hang
}
