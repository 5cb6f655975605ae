// Package contender is what all programs that take part in the benchmark have in common: they are told what to
// do by one environment variable, count the objects that they handled, and report on standard output, one JSON
// document a line. It imports the standard library alone, so that no contender pays for another's imports.
package contender
