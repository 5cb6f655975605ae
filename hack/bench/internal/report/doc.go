// Package report turns measurements into medians, ratios and bars, and writes them as a table, as JSON and as a
// plot.
package report
