// Package v1 holds the custom kind of the example: a WebApp.
//
// +kubebuilder:object:generate=true
// +groupName=webapp.example.com
package v1

//go:generate ../../../../bin/controller-gen object paths=. output:object:dir=.
//go:generate ../../../../bin/controller-gen crd paths=. output:crd:dir=../../crd
