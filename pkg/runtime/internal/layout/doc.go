// Package layout shares out the words of a stream's index entries among the bindings of the stream, and finds the bindings that an
// event can matter to.
package layout
