// Package report is what a stream reports: its state and the reasons for it, the changes of its objects, and what metrics want
// to know. It is data and interfaces, and decides nothing.
package report
