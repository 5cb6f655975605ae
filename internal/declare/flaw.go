package declare

// Flaw is a mistake before it is known which binding it belongs to.
type Flaw struct{ Problem, Remedy string }
