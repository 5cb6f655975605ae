package compact

import (
	"testing"

	"pgregory.net/rapid"
)

// found looks for a slot among those with a hash.
func found(t *Table, hash, slot uint32) bool {
	at, ok := t.First(hash)
	for ok && at != slot {
		at, ok = t.Next(at, hash)
	}
	return ok
}

func TestTableAgainstAMap(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var table Table
		hashes := []uint32{} // by slot
		some := rapid.OneOf(rapid.Uint32(), rapid.Uint32Range(0, 20), rapid.SampledFrom([]uint32{1 << 31, 3 << 30, 1<<31 + 1}))
		add := func(hash uint32) {
			table.Add(hash, uint32(len(hashes)))
			hashes = append(hashes, hash)
		}
		remove := func(at int) { // as an index does: the last one takes its place
			last := len(hashes) - 1
			table.Remove(uint32(at))
			if at != last {
				table.Move(uint32(last), uint32(at))
			}
			hashes[at] = hashes[last]
			hashes = hashes[:last]
			table.Shrink(uint32(last))
		}
		rt.Repeat(map[string]func(*rapid.T){
			"add": func(rt *rapid.T) { add(some.Draw(rt, "hash")) },
			"add many": func(rt *rapid.T) {
				first := some.Draw(rt, "hash")
				for i := range rapid.Uint32Range(0, 1000).Draw(rt, "n") {
					add(first + i*0x9e3779b1)
				}
			},
			"remove": func(rt *rapid.T) {
				if len(hashes) > 0 {
					remove(rapid.IntRange(0, len(hashes)-1).Draw(rt, "slot"))
				}
			},
			"remove many": func(rt *rapid.T) {
				step := rapid.IntRange(1, 100).Draw(rt, "step")
				for at := len(hashes) - 1; at >= 0; at -= step {
					remove(at)
				}
			},
			"": func(rt *rapid.T) {
				if table.Len() != len(hashes) {
					rt.Fatalf("%d in the table, want %d", table.Len(), len(hashes))
				}
				for at, hash := range hashes {
					if table.Hash(uint32(at)) != hash || !found(&table, hash, uint32(at)) {
						rt.Fatalf("slot %d is not found", at)
					}
				}
				if at, ok := table.First(^uint32(0) - 1); ok && hashes[at] != ^uint32(0)-1 {
					rt.Fatal("found what is not there")
				}
				if n := uint32(len(hashes)); table.buckets > 2*n+small+1 || n > small && table.buckets < n {
					rt.Fatalf("%d buckets for %d", table.buckets, n)
				}
			},
		})
	})
}

// A table that grew and fell has no more memory than one that stayed small.
func TestTableShrinks(t *testing.T) {
	var table Table
	for i := range uint32(100_000) {
		table.Add(i*0x9e3779b1, i)
	}
	for i := uint32(100_000); i > 10; i-- {
		table.Remove(i - 1)
		table.Shrink(i - 1)
	}
	if n, m := len(table.heads.chunks), len(table.links.chunks); n > 5 || m > 3 {
		t.Errorf("%d and %d chunks for 10 slots", n, m)
	}
}

func BenchmarkTable(b *testing.B) {
	var table Table
	const n = 100_000
	for i := range uint32(n) {
		table.Add(i*0x9e3779b1, i)
	}
	i := uint32(0)
	for b.Loop() {
		i = (i + 7919) % n
		if at, ok := table.First(i * 0x9e3779b1); !ok || at != i {
			b.Fatal("not there")
		}
	}
}
