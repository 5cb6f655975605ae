// Package declare holds declarations as values: what the steps of package capability fill in, and what a runtime compiles. Users meet
// none of its names.
package declare
