// Command vuln runs govulncheck, given as its arguments, and tells apart why it
// failed: where the vulnerability database cannot be reached, it says in plain
// words that nothing was checked, and ends with 0, because a change is not worse
// for being checked without a network. Every other failure is one.
//
//	go run ./hack/vuln bin/govulncheck ./...
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Stdout, os.Stderr, os.Args[1:])
	stop()
	os.Exit(code)
}

// unreachable matches what govulncheck writes when the request for the index of
// the database got no answer. An answer that is an error is not meant: a wrong
// address in GOVULNDB has to be repaired.
var unreachable = regexp.MustCompile(`(?m)^govulncheck: fetching vulnerabilities: Get "[^"]*": .*` +
	`(dial tcp|no such host|i/o timeout|connection refused|connection reset|deadline exceeded|proxyconnect|EOF)`)

// run executes the command and returns the exit code to end with.
func run(ctx context.Context, stdout, stderr io.Writer, command []string) int {
	if len(command) == 0 {
		fmt.Fprintln(stderr, "vuln: say which command to run: go run ./hack/vuln bin/govulncheck ./...")
		return 2
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // running its arguments is what it is for
	cmd.Stdout, cmd.Stderr = stdout, io.MultiWriter(stderr, &said)
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case unreachable.Match(said.Bytes()):
		fmt.Fprintln(stdout, "vuln: NOT CHECKED for known vulnerabilities: the database cannot be reached (see above)")
		return 0
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return exit.ExitCode()
	default:
		fmt.Fprintln(stderr, "vuln:", err)
		return 1
	}
}
