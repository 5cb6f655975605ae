package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// leave keeps everything running until the user has seen enough, if that was asked for.
func (d *demo) leave(ctx context.Context) error {
	if err := d.noErrors(); err != nil || !d.keep {
		return err
	}
	d.shown = true
	d.screen.chapter("Everything still runs. Try, in another terminal:")
	d.screen.line(d.suggestions())
	d.screen.line("The program's log goes on here. Ctrl-C stops it all.\n")
	mark := d.program.log.mark()
	for {
		e, err := d.program.log.wait(ctx, mark, want{})
		switch {
		case errors.Is(err, context.Canceled):
			return nil
		case err != nil:
			return err
		}
		mark++
		d.screen.entry(e)
	}
}

func (d *demo) suggestions() string {
	return strings.NewReplacer("KUBECONFIG=", "KUBECONFIG="+d.kubeconfig, "URL", d.program.url, "ADMIN", d.program.admin).Replace(`
   export KUBECONFIG=
   kubectl create namespace another
   kubectl --namespace another get configmap,limitrange defaults
   kubectl --namespace demo patch configmap greeting --patch '{"data":{"text":"hi"}}'
   kubectl --namespace demo run web --image example.com/server --labels app=web
   kubectl --namespace demo apply --filename examples/03-webapp/shop.yaml
   kubectl --namespace demo delete deployment shop
   kubectl --namespace demo get webapps,deployments,events

   curl URL/readyz             are all streams complete?
   curl ADMIN/metrics          for Prometheus
   curl ADMIN/debug            streams and bindings, now
   curl ADMIN/debug/plan       what --plan prints
`)
}

// end stops the program as Kubernetes would.
func (d *demo) end(context.Context) error {
	d.screen.chapter("The program stops")
	d.step()
	began := time.Now()
	code, err := d.program.stop()
	d.screen.didf("sent SIGTERM")
	if err != nil {
		return err
	}
	if code != 0 {
		return fmt.Errorf("expected that the program ends with exit code 0: it ended with %d", code)
	}
	d.screen.sawf("program", "ended with exit code %d after %s", code, seconds(time.Since(began)))
	return nil
}

// noErrors wants a log without errors, other than those of streams that were blocked for a while: by the outage, or by an API server that
// prepares the storage of a kind that was just installed.
func (d *demo) noErrors() error {
	blocked := map[string]entry{}
	for _, e := range d.program.log.since(0) {
		switch {
		case e.msg == "stream is blocked":
			blocked[e.value("target")] = e
		case e.msg == "stream has recovered":
			delete(blocked, e.value("target"))
		case e.level == "error":
			return fmt.Errorf("expected no error in the program's log, found: %s", e.text())
		}
	}
	for _, e := range blocked {
		return fmt.Errorf("expected that every stream recovers, found: %s", e.text())
	}
	return nil
}
