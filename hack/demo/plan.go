package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"

	"github.com/ancho-dev/ancho/pkg/runtime"
)

// showPlan asks the program itself: it needs no cluster for that.
func (d *demo) showPlan(ctx context.Context) error {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, d.bin, "--plan", "-o", "json") //nolint:gosec // the binary that was just built
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("ask the program for its plan: %w\n%s", err, stderr.String())
	}
	var p runtime.Plan
	if err := json.Unmarshal(stdout.Bytes(), &p); err != nil {
		return fmt.Errorf("read the program's plan: %w", err)
	}
	d.screen.chapter(fmt.Sprintf("The plan: %d bindings share %d requests (examples --plan)", len(p), p.Streams()))
	for _, line := range byStream(p) {
		d.screen.line("   " + line)
	}
	return nil
}

// byStream turns a plan around: each request, with the bindings that it serves.
func byStream(p runtime.Plan) []string {
	var order []string
	served := map[string][]string{}
	for _, b := range p {
		for _, s := range b.Streams {
			if served[s] == nil {
				order = append(order, s)
			}
			served[s] = append(served[s], b.Capability+"/"+b.Binding)
		}
	}
	var lines []string
	for _, s := range order {
		lines = append(lines, "GET "+s, "      for "+strings.Join(served[s], ", "))
	}
	return lines
}
