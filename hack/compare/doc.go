// Command compare counts what the operator of examples/03-webapp takes with Ancho, and with controller-runtime, where it
// is written in the folder webapp: the table that the README shows.
//
//	go -C hack/compare run .
//
// Lines of code are counted: those that hold something else than comments. Both programs are formatted by gofmt, and
// checked by the same linter. What both use as it is, the custom kind and the functions of its parts, is counted apart,
// and what was generated not at all.
package main
