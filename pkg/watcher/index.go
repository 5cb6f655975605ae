package watcher

import "github.com/ancho-dev/ancho/pkg/watcher/internal/index"

// Index is what a stream knows: for each object its identity and the resourceVersion last delivered, nothing
// else of the object. With names of 32 bytes and one word that is about 100 bytes, none of which the garbage
// collector has to look into, and nothing for a deleted object.
//
// The index of a stream may be used in the methods of its Handler and in a function given to Stream.DoContext, nowhere else.
// It is not safe for concurrent use. Handlers read it with Get, All and Len; Put, Remove, DeleteFunc, Begin and Sweep are for indexes
// that a Handler keeps itself.
type Index = index.Index

// Entry is one object in an Index: who it is and which state of it was delivered last. It is a way to look into the
// index, no memory of its own: good until the next object is put into the index or taken out. It is read and
// written where its index may be used. The zero Entry is no object, and none of its methods may be called.
type Entry = index.Entry

// NewIndex returns an empty index whose entries have so many words.
func NewIndex(words int) *Index { return index.NewIndex(words) }
