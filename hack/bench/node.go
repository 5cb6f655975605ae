package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/ancho-dev/ancho/hack/bench/internal/contender"
	"github.com/ancho-dev/ancho/hack/bench/internal/report"
)

// oldestNode is the first major version that kubernetes-fluent-client runs on.
const oldestNode = 20

// node is what runs the contender that is no Go program.
type node struct {
	version string // empty: not found
	missing string // why the contender cannot take part
}

// findNode looks for Node.js and installs the client. It is no error if that does not work.
func (b *bench) findNode(ctx context.Context) node {
	out, err := exec.CommandContext(ctx, "node", "--version").Output()
	if err != nil {
		return node{missing: "not measured: there is no Node.js"}
	}
	n := node{version: strings.TrimSpace(string(out))}
	if m := major(n.version); m < oldestNode {
		n.missing = fmt.Sprintf("not measured: it needs Node.js %d, here is %s", oldestNode, n.version)
		return n
	}
	b.sayf("installing kubernetes-fluent-client")
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline")
	cmd.Dir = filepath.Join(b.dir, "fluent")
	if text, err := cmd.CombinedOutput(); err != nil {
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		n.missing = fmt.Sprintf("not measured: npm could not install it (%v: %s)", err, lines[len(lines)-1])
	}
	return n
}

// major is the first number of a version such as v20.1.0; 0 if there is none.
func major(version string) int {
	first, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	n, err := strconv.Atoi(first)
	if err != nil {
		return 0
	}
	return n
}

// fluent is the contender that runs on Node.js.
func (b *bench) fluent(task contender.Task) contestant {
	return contestant{
		name: report.Fluent, task: task, missing: b.node.missing,
		command: []string{"node", filepath.Join(b.dir, "fluent", "main.mjs")},
	}
}
