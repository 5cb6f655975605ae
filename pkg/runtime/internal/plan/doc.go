// Package plan says which streams a program needs, which bindings share them, and how each stream is named.
//
// It is pure: it asks no API server and knows nothing of the options of a runtime.
package plan
