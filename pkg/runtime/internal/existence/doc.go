// Package existence finds out whether objects exist that a stream does not show any more: they were deleted, or left the
// selection. One request answers each question, or one list many at once.
package existence
