//go:build race

package runtime

// floodSize is the size of an object of the flood: looking at each access makes reading slow.
const floodSize = 2 << 10
