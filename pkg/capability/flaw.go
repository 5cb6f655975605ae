package capability

// flaw is a mistake before it is known which binding it belongs to.
type flaw struct{ problem, remedy string }
