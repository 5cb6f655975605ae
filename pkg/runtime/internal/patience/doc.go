// Package patience waits for things that may never end, such as a write to a pipe that nothing reads, and gives up in time.
package patience
