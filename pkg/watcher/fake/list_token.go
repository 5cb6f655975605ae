package fake

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
)

// token is what the continue parameter holds, in the form that a real server gives it.
type token struct {
	Version string `json:"v"`
	// RV is the resourceVersion of the first page; -1 goes on with what there is now.
	RV int64 `json:"rv"`
	// Start is the key that the next page begins with, or where it would be.
	Start string `json:"start"`
}

const (
	pagesForm = "meta.k8s.io/v1"
	latest    = -1
)

func (t token) encode() string {
	t.Version = pagesForm
	b, err := json.Marshal(t)
	if err != nil {
		panic(err) // two texts and a number
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func decodeToken(text string) (token, error) {
	var t token
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(b, &t)
	}
	switch {
	case err != nil:
		return t, fmt.Errorf("continue key is not valid: %w", err)
	case t.Version != pagesForm:
		return t, fmt.Errorf("continue key is not valid: server does not recognize this encoded version %s", t.Version)
	case t.RV == 0:
		return t, errors.New("continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)")
	case t.Start == "":
		return t, errors.New("continue key is not valid: encoded start key empty (version meta.k8s.io/v1)")
	}
	return t, nil
}
