package main

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// outage kills the API server and starts it again.
func (d *demo) outage(ctx context.Context) error {
	d.screen.chapter("An outage: the program lives through it")
	maps := d.cluster.CoreV1().ConfigMaps(namespace)
	d.step()
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: greeting}, Data: map[string]string{"text": "see you soon"}}
	if _, err := maps.Create(ctx, cm, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("create the ConfigMap: %w", err)
	}
	d.screen.didf(`created ConfigMap demo/greeting with text="see you soon"`)
	if err := d.expect(ctx, greets("see you soon")); err != nil {
		return err
	}
	before := d.program.log.mark()
	if err := d.cutOff(ctx); err != nil {
		return err
	}

	d.step()
	began := time.Now()
	if err := d.env.StartAPIServer(); err != nil { //nolint:contextcheck // it bounds itself
		return err
	}
	d.screen.didf("started the API server again, which took %s", seconds(time.Since(began)))
	if err := d.ready(ctx, "ready again"); err != nil {
		return err
	}
	if err := d.greet(ctx, "here we are again"); err != nil {
		return err
	}
	return d.onlyCall(before)
}

// cutOff kills the API server and looks at what the program says of it.
func (d *demo) cutOff(ctx context.Context) error {
	d.step()
	if err := d.env.KillAPIServer(); err != nil {
		return err
	}
	d.screen.didf("killed the API server (SIGKILL)")
	var body string
	err := d.eventually(ctx, "the program says that it is not ready, for each stream", func(ctx context.Context) (ok bool, err error) {
		var code int
		code, body, err = d.program.get(ctx, "/readyz")
		return code == 503 && len(verdicts(body, "ok")) == 0, err
	})
	if err != nil {
		return err
	}
	code, _, err := d.program.get(ctx, "/healthz")
	if err != nil {
		return err
	}
	if code != 200 {
		return fmt.Errorf("expected that the program stays healthy without a server: /healthz answers %d", code)
	}
	failed := verdicts(body, "fail")
	d.screen.sawf("program", "alive (/healthz answers %d), and not ready (/readyz answers 503 and says why): %d streams fail, such as", code, len(failed))
	for _, line := range failed[:min(1, len(failed))] {
		d.screen.notef("%s", line)
	}
	return nil
}

// onlyCall wants one call since the mark: nothing but the greeting changed, so nothing else is to be told.
func (d *demo) onlyCall(mark int) error {
	calls := 0
	for _, e := range d.program.log.since(mark) {
		if e.capability != "" {
			calls++
		}
	}
	if calls != 1 {
		return fmt.Errorf("expected a single call since the API server was killed: there were %d", calls)
	}
	d.screen.sawf("program", "no other call: what had not changed was not told again")
	return nil
}
