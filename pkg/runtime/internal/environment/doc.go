// Package environment makes what capability functions are given (clients, recorder, logger), calls these functions, and compiles what
// they declare.
package environment
