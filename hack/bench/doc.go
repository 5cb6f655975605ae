// Command bench measures Ancho beside its peers, on the same control plane, in the same run: `make bench`.
//
// Each contender is a program of its own, and so is each of its runs. CPU time is what the system says of that
// process alone, memory is the most that it had resident. The rounds alternate the contenders, and the medians
// are compared. docs/performance.md says what is measured and how.
package main
