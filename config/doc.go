// Package config holds the manifests that deploy the examples, and the tests that hold them to the code. There is nothing
// to import.
package config
