package report

import "github.com/ancho-dev/ancho/pkg/watcher/internal/index"

// Missing is the Gone of an object that no event reported deleted: a comparison of two states found it missing. It is the
// only way to make one, so that its maker has to state whether the object may still exist and have left what the server
// selects (mayHaveLeft, see Target.Ambiguous). The entry is the one that was last delivered.
func Missing(e index.Entry, mayHaveLeft bool) Delta {
	return Delta{Kind: Gone, Entry: e, Relist: true, Ambiguous: mayHaveLeft}
}

// Replaced is the Gone of an object whose name another object has now: it was deleted, whatever the server selects.
func Replaced(e index.Entry, relist bool) Delta {
	return Delta{Kind: Gone, Entry: e, Relist: relist}
}
