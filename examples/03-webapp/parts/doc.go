// Package parts says what a WebApp consists of and how it does: functions of what is known, which call nobody. A program
// with another framework could use them as they are.
package parts
