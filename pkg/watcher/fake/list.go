package fake

import (
	"net/http"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// span is what a list is to show.
type span struct {
	exact bool   // the state at rv, and no other
	rv    uint64 // if not exact, at least this
	start string // the key to begin with
	limit int
}

// list answers with a page of objects.
func (s *Server) list(w http.ResponseWriter, r *request, f form, o *internalversion.ListOptions) *metav1.Status {
	if refused := f.fitsList(); refused != nil {
		return refused
	}
	p, refused := spanOf(o)
	if refused != nil {
		return refused
	}
	objects, rv, refused := s.snapshot(r, p)
	if refused != nil {
		return refused
	}
	items, meta := page(objects, p, selected(r, o), rv, selectsAll(o))
	body, err := f.encodeList(r.collection, meta, items)
	if err != nil {
		return failed(err)
	}
	respond(w, r.Request, http.StatusOK, f.contentType(), body)
	return nil
}

// spanOf reads the parameters that say which state is to be shown, and which part of it.
func spanOf(o *internalversion.ListOptions) (span, *metav1.Status) {
	p := span{limit: int(o.Limit)}
	if o.Continue != "" {
		t, err := decodeToken(o.Continue)
		if err != nil {
			return p, malformed("invalid continue token: " + err.Error())
		}
		if o.ResourceVersion != "" && o.ResourceVersion != "0" { // 11
			return p, malformed("specifying resource version is not allowed when using continue")
		}
		if p.start = t.Start; t.RV > 0 {
			p.exact, p.rv = true, uint64(t.RV)
		}
		return p, nil
	}
	rv, err := parseVersion(o.ResourceVersion)
	if err != nil {
		return p, malformed("invalid resource version: " + err.Error())
	}
	p.rv = rv
	switch {
	case o.ResourceVersionMatch == metav1.ResourceVersionMatchExact, o.ResourceVersionMatch == "" && rv > 0 && p.limit > 0:
		p.exact = true // without a match, pages have always been of one state
	case o.ResourceVersion == "0": // 12
		p.limit = 0
	}
	return p, nil
}

// snapshot are the objects of the state that is asked for, from its first key, and its resourceVersion.
func (s *Server) snapshot(r *request, p span) ([]*object, uint64, *metav1.Status) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	if p.rv > s.store.rv {
		return nil, 0, tooLarge(p.rv, s.store.rv)
	}
	objects, rv := r.collection.objects, s.store.rv
	if p.exact {
		var ok bool
		if objects, ok = r.collection.at(p.rv); !ok {
			return nil, 0, p.forgotten()
		}
		rv = p.rv
	}
	return sorted(objects, r.namespace), rv, nil
}

// forgotten is the refusal of a state that is not known any more; with a token to go on if there was one (rule 10).
func (p span) forgotten() *metav1.Status {
	if p.start == "" {
		return expired("The resourceVersion for the provided list is too old.")
	}
	s := expired("The provided continue parameter is too old to display a consistent list result: list again without it, " +
		"or take the token of this answer to go on with the objects as they are now, which may not fit the earlier pages.")
	s.Continue = token{RV: latest, Start: p.start}.encode()
	return s
}

// page takes the items that belong on it, and says how to go on.
func page(objects []*object, p span, matches func(*object) bool, rv uint64, all bool) ([]*object, metav1.ListMeta) {
	meta := metav1.ListMeta{ResourceVersion: strconv.FormatUint(rv, 10)}
	var items []*object
	for i, o := range objects {
		if o.key().path() < p.start || !matches(o) {
			continue
		}
		if p.limit > 0 && len(items) == p.limit {
			last := items[len(items)-1].key().path()
			meta.Continue = token{RV: int64(rv), Start: last + "\x00"}.encode() //nolint:gosec // a counter that began at 1
			if all {                                                            // with a selector, a real server does not count
				meta.RemainingItemCount = new(int64(len(objects) - i))
			}
			break
		}
		items = append(items, o)
	}
	return items, meta
}
