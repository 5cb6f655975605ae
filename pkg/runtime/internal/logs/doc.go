// Package logs makes the loggers of a program: zap behind logr, with bounded and escaped texts. Lines, the queue in front of a
// logger, keeps a logger that blocks away from what has to be done in time. ForCall is the logger in the context of a callback.
package logs
