// Package crd holds the definition of the custom kind WebApp, for programs that install it.
package crd

import _ "embed" // for the definition

// WebApps is the CustomResourceDefinition, as YAML: for kubectl apply, or to decode.
//
//go:embed webapp.example.com_webapps.yaml
var WebApps []byte
