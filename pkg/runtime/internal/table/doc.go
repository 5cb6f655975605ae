// Package table is a map that gives its memory back.
package table
