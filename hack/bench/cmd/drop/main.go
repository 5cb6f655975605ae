// Command drop is the limit in the benchmark: it opens the stream that a controller opens, reads the bytes of all
// objects, and drops them.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/ancho-dev/ancho/hack/bench/internal/contender"
)

// What the server sends when it has sent all objects (KEP-3157).
const endOfObjects = "k8s.io/initial-events-end"

func main() {
	r, task := contender.Start()
	if err := run(r, task); err != nil {
		contender.Fail(err)
	}
	select {} // Finish ends the process
}

func run(r *contender.Run, task contender.Task) error {
	client, err := connect(task)
	if err != nil {
		return err
	}
	path := "/api/v1/pods"
	if task.Kind == contender.Widgets {
		path = "/apis/bench.ancho.dev/v1/widgets"
	}
	req, err := http.NewRequest(http.MethodGet, task.Server+path+ //nolint:noctx // it ends with the process
		"?watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan", http.NoBody)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	if task.Encoding == "protobuf" {
		req.Header.Set("Accept", "application/vnd.kubernetes.protobuf;stream=watch")
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s", resp.Status)
	}
	n, err := drop(resp.Body)
	if err != nil {
		return err
	}
	r.Finish(task.Expect, n)
	if !task.Stay {
		return nil
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return errors.Join(errors.New("the stream ended"), err)
}

// drop reads until the server says that it has sent all objects, and returns how much it read.
func drop(from io.Reader) (total int64, err error) {
	const keep = len(endOfObjects) - 1 // may be the begin of the mark
	buf := make([]byte, 32<<10)
	have := 0
	for {
		n, err := from.Read(buf[have:])
		have += n
		total += int64(n)
		if bytes.Contains(buf[:have], []byte(endOfObjects)) {
			return total, nil
		}
		if err != nil {
			return total, errors.Join(errors.New("the stream ended before all objects had come"), err)
		}
		if have > keep {
			copy(buf, buf[have-keep:have])
			have = keep
		}
	}
}

func connect(task contender.Task) (*http.Client, error) {
	if task.CA == "" {
		return http.DefaultClient, nil
	}
	ca, err := os.ReadFile(task.CA)
	if err != nil {
		return nil, err
	}
	cert, err := tls.LoadX509KeyPair(task.Cert, task.Key)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("%s: no certificate in it", task.CA)
	}
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true,
	}}, nil
}
