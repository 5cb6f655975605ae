package testenv

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Compact makes etcd forget all history before now, so that a resourceVersion
// from before is answered with 410 Gone. A running API server still answers
// what its watch cache holds; one that is started afterwards does not.
func (e *Env) Compact() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if e.stopped {
		return fmt.Errorf("compact etcd: %w", errStopped)
	}

	// etcd's gRPC gateway: https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/.
	// Numbers of 64 bits are strings there, and keys are base64 (this one is "a").
	var now struct {
		Header struct {
			Revision string `json:"revision"`
		} `json:"header"`
	}
	if err := e.askEtcd(ctx, "/v3/kv/range", map[string]any{"key": "YQ=="}, &now); err != nil {
		return err
	}
	body := map[string]any{"revision": now.Header.Revision, "physical": true}
	return e.askEtcd(ctx, "/v3/kv/compaction", body, nil)
}

// askEtcd posts one request to etcd; into may be nil.
func (e *Env) askEtcd(ctx context.Context, path string, body, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("etcd %s: %w", path, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.plane.Etcd.URL.String()+path, bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("etcd %s: %w", path, err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("etcd %s: %w", path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err = io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("etcd %s: %w", path, err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("etcd %s: %s: %s", path, resp.Status, raw)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("etcd %s: %w", path, err)
	}
	return nil
}

// probe asks url once; nil if it answers 200.
func probe(ctx context.Context, client *http.Client, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", resp.Status, body)
	}
	return nil
}
