// Package examples holds the code that the guides show. Its tests run it, and a test of the folder above holds the pages
// to it, line by line.
package examples
