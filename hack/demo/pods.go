package main

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// pods shows Watch: every event, for three sets of Pods and one that the server selects.
func (d *demo) pods(ctx context.Context) error {
	d.screen.chapter(`Capability "hello": Watch gets every event, of the set that each binding selects`)
	for _, part := range []func(context.Context) error{d.createPod, d.labelPod, d.runPod, d.unlabelPod, d.deletePod} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// ofPod is a line of the capability "hello" about the Pod.
func ofPod(binding, msg string) want {
	return want{capability: "hello", binding: binding, msg: msg, object: namespace + "/" + web}
}

func (d *demo) createPod(ctx context.Context) error {
	d.step()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: web},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "server", Image: "example.com/server"}}},
	}
	pod, err := d.cluster.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("create the Pod: %w", err)
	}
	d.screen.didf("created Pod demo/web, which the LimitRange gave %s of memory", pod.Spec.Containers[0].Resources.Limits.Memory())
	return d.expect(ctx, ofPod("new-pods", "a pod appeared"))
}

func (d *demo) labelPod(ctx context.Context) error {
	d.step()
	if err := d.patchPod(ctx, `{"metadata":{"labels":{"app":"web"}}}`); err != nil {
		return fmt.Errorf("label the Pod: %w", err)
	}
	d.screen.didf("labelled it app=web")
	return d.expect(ctx, ofPod("web-pods", "a pod joined the web pods"))
}

// runPod does what a kubelet would.
func (d *demo) runPod(ctx context.Context) error {
	d.step()
	if err := d.patchPod(ctx, `{"status":{"phase":"Running"}}`, "status"); err != nil {
		return fmt.Errorf("change the status of the Pod: %w", err)
	}
	d.screen.didf("set its status to Running")
	return d.expect(ctx, ofPod("web-running", "the web pod runs"))
}

func (d *demo) unlabelPod(ctx context.Context) error {
	d.step()
	if err := d.patchPod(ctx, `{"metadata":{"labels":{"app":"api"}}}`); err != nil {
		return fmt.Errorf("change the label of the Pod: %w", err)
	}
	d.screen.didf("changed its label to app=api")
	return d.expect(ctx, ofPod("web-pods", "a pod left the web pods"))
}

func (d *demo) deletePod(ctx context.Context) error {
	d.step()
	if err := d.cluster.CoreV1().Pods(namespace).Delete(ctx, web, metav1.DeleteOptions{}); err != nil {
		return fmt.Errorf("delete the Pod: %w", err)
	}
	d.screen.didf("deleted it")
	return d.expect(ctx, ofPod("gone-pods", "a pod is gone"))
}

func (d *demo) patchPod(ctx context.Context, patch string, subresources ...string) error {
	_, err := d.cluster.CoreV1().Pods(namespace).Patch(ctx, web, types.MergePatchType, []byte(patch), metav1.PatchOptions{}, subresources...)
	return err
}
