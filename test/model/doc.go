// Package model holds the test that compares a whole program with a model: random declarations, changes, faults and
// answers of callbacks. Nothing else is here.
package model
