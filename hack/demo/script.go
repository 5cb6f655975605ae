package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

const (
	namespace = "demo"
	team      = "team"
	greeting  = "greeting"
	defaults  = "defaults"
	web       = "web"
)

// start runs the program and waits until all its streams follow the server.
func (d *demo) start(ctx context.Context) (err error) {
	d.screen.chapter("The program starts")
	if d.program, err = startProgram(d.bin, d.programKubeconfig, nil); err != nil {
		return err
	}
	d.step()
	d.screen.didf("started examples --kubeconfig ... --http 127.0.0.1:0 --admin 127.0.0.1:0 --log-format json")
	for what, url := range map[string]*string{"health": &d.program.url, "metrics and debug": &d.program.admin} {
		serving := want{msg: "serving " + what}
		err = within(ctx, serving.String(), func(ctx context.Context) error {
			e, err := d.program.log.wait(ctx, d.mark, serving)
			*url = "http://" + e.value("address")
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := d.ready(ctx, "ready"); err != nil {
		return err
	}
	return d.expect(ctx, want{msg: "applied the defaults", capability: "namespaces", object: namespace})
}

// ready waits until /readyz says so and every stream is open.
func (d *demo) ready(ctx context.Context, as string) error {
	var live, all int
	err := d.eventually(ctx, "the program is ready, and all its streams follow the server", func(ctx context.Context) (bool, error) {
		code, _, err := d.program.get(ctx, "/readyz")
		if err != nil {
			return false, err
		}
		live, all, err = d.program.following(ctx)
		return code == 200 && all > 0 && live == all, err
	})
	if err == nil {
		d.screen.sawf("program", "%s: /readyz answers 200, %d of %d streams follow the server", as, live, all)
	}
	return err
}

// defaults shows the capability "namespaces".
func (d *demo) defaults(ctx context.Context) error {
	d.screen.chapter(`Capability "namespaces": each new Namespace gets defaults, by server-side apply`)
	d.step()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: team}}
	if _, err := d.cluster.CoreV1().Namespaces().Create(ctx, ns, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("create the Namespace: %w", err)
	}
	d.screen.didf("created Namespace %s", team)
	applied := want{msg: "applied the defaults", capability: "namespaces", object: team}
	if err := d.expect(ctx, applied); err != nil {
		return err
	}
	if err := d.showDefaults(ctx); err != nil {
		return err
	}

	d.step()
	configMaps := d.cluster.CoreV1().ConfigMaps(team)
	patch := []byte(`{"data":{"log-level":"debug","team":"blue"}}`)
	if _, err := configMaps.Patch(ctx, defaults, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: "somebody"}); err != nil {
		return fmt.Errorf("change the ConfigMap %s: %w", defaults, err)
	}
	patch = []byte(`{"metadata":{"labels":{"stage":"test"}}}`)
	if _, err := d.cluster.CoreV1().Namespaces().Patch(ctx, team, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("label the Namespace: %w", err)
	}
	d.screen.didf("as somebody else, set log-level=debug and added team=blue in ConfigMap team/defaults; labelled the Namespace")
	if err := d.expect(ctx, applied); err != nil {
		return err
	}
	return d.showDefaults(ctx, "team")
}

// showDefaults reads what the program applied, and wants keys of others to have stayed.
func (d *demo) showDefaults(ctx context.Context, foreign ...string) error {
	cm, err := d.cluster.CoreV1().ConfigMaps(team).Get(ctx, defaults, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("expected that the Namespace has the ConfigMap: %w", err)
	}
	if level := cm.Data["log-level"]; level != "info" {
		return fmt.Errorf("expected log-level=info in ConfigMap %s/%s, found %q", team, defaults, level)
	}
	for _, key := range foreign {
		if cm.Data[key] == "" {
			return fmt.Errorf("expected that the key %s of ConfigMap %s/%s is kept: it is gone", key, team, defaults)
		}
	}
	limits, err := d.cluster.CoreV1().LimitRanges(team).Get(ctx, defaults, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("expected that the Namespace has the LimitRange: %w", err)
	}
	if len(foreign) > 0 {
		d.screen.sawf("cluster", "ConfigMap team/defaults has %s: log-level is as declared again, team stayed", pairs(cm.Data))
		return nil
	}
	d.screen.sawf("cluster", "ConfigMap team/defaults has %s, LimitRange team/defaults gives containers %s of memory",
		pairs(cm.Data), limits.Spec.Limits[0].Default.Memory())
	return nil
}

// greeting shows Reconcile.
func (d *demo) greeting(ctx context.Context) error {
	d.screen.chapter(`Capability "hello": Reconcile gets the latest state of one ConfigMap`)
	configMaps := d.cluster.CoreV1().ConfigMaps(namespace)

	d.step()
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: greeting}, Data: map[string]string{"text": "hello"}}
	if _, err := configMaps.Create(ctx, cm, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("create the ConfigMap: %w", err)
	}
	d.screen.didf(`created ConfigMap demo/greeting with text="hello"`)
	if err := d.expect(ctx, greets("hello")); err != nil {
		return err
	}

	if err := d.greet(ctx, "good morning"); err != nil {
		return err
	}

	d.step()
	if err := configMaps.Delete(ctx, greeting, metav1.DeleteOptions{}); err != nil {
		return fmt.Errorf("delete the ConfigMap: %w", err)
	}
	d.screen.didf("deleted ConfigMap demo/greeting")
	return d.expect(ctx, want{msg: "the greeting is gone", capability: "hello", object: namespace + "/" + greeting, event: "Deleted"})
}

// greet changes the greeting.
func (d *demo) greet(ctx context.Context, text string) error {
	d.step()
	patch := fmt.Appendf(nil, `{"data":{"text":%q}}`, text)
	if _, err := d.cluster.CoreV1().ConfigMaps(namespace).Patch(ctx, greeting, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("change the ConfigMap: %w", err)
	}
	d.screen.didf("changed it to text=%q", text)
	return d.expect(ctx, greets(text))
}

func greets(text string) want {
	return want{msg: "the greeting says", capability: "hello", object: namespace + "/" + greeting, key: "text", text: text}
}

// pairs prints a ConfigMap's data.
func pairs(m map[string]string) string {
	var all []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		all = append(all, key+"="+m[key])
	}
	return strings.Join(all, " ")
}
