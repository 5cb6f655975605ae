// Package compile makes of declarations what a runtime needs: targets that the API server can select, filters for the rest, and
// every mistake of a program at once.
package compile
