// Package layers holds the arrows between the packages of this project: which
// of them may import which, and what from outside a package may use. The rules
// are the table in rules.go; the test of this package lets them loose on the
// whole tree, tests and end-to-end tests included.
//
// It reads imports and names only. It never says anything of style: that is
// the linter's part.
package layers
