//go:build !race

package runtime

// floodSize is the size of an object of the flood.
const floodSize = 20 << 10
