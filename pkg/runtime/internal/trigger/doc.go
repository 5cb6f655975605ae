// Package trigger enqueues objects of a binding for events of other objects: of objects that they own or use, or that a function
// maps to them, and of any. The Gate holds calls back until the sources are known.
package trigger
