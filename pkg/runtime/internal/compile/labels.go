package compile

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// labelRule is everything that a selection asks of one label, in one normal form: equal selections
// print equally, and what can never hold is seen.
type labelRule struct {
	key        string
	in         declare.Alternatives // one of these values
	notIn      []string             // none of these values, or no such label; sorted
	above      *int64               // an integer above this
	below      *int64
	has, hasNo bool
}

// labelRules gathers requirements by key, sorted by key.
func labelRules(rs []labels.Requirement) []labelRule {
	byKey := map[string]*labelRule{}
	for i := range rs {
		r := byKey[rs[i].Key()]
		if r == nil {
			r = &labelRule{key: rs[i].Key()}
			byKey[r.key] = r
		}
		r.add(&rs[i])
	}
	out := make([]labelRule, 0, len(byKey))
	for _, r := range byKey {
		out = append(out, r.simplified())
	}
	slices.SortFunc(out, func(a, b labelRule) int { return strings.Compare(a.key, b.key) })
	return out
}

func (r *labelRule) add(q *labels.Requirement) {
	values := q.ValuesUnsorted()
	switch q.Operator() {
	case selection.Equals, selection.DoubleEquals, selection.In:
		r.has = true
		r.in.And(values)
	case selection.NotEquals, selection.NotIn:
		r.notIn = declare.SortedSet(append(r.notIn, values...))
	case selection.Exists:
		r.has = true
	case selection.DoesNotExist:
		r.hasNo = true
	case selection.GreaterThan, selection.LessThan:
		r.has = true
		n, err := strconv.ParseInt(values[0], 10, 64)
		if err != nil {
			r.in.And(nil) // no number is beyond it; apimachinery refuses such bounds before
			return
		}
		if q.Operator() == selection.GreaterThan && (r.above == nil || *r.above < n) {
			r.above = &n
		}
		if q.Operator() == selection.LessThan && (r.below == nil || *r.below > n) {
			r.below = &n
		}
	}
}

// simplified drops what follows from the rest.
func (r *labelRule) simplified() labelRule {
	s := *r
	if s.in.Set {
		s.in.Values = slices.DeleteFunc(slices.Clone(s.in.Values), func(v string) bool { return !s.allows(v) })
		s.notIn, s.above, s.below = nil, nil, nil
	}
	if s.above != nil || s.below != nil {
		s.notIn = slices.DeleteFunc(slices.Clone(s.notIn), func(v string) bool { return !s.between(v) })
	}
	if s.hasNo && !s.has {
		s.notIn = nil
	}
	return s
}

// allows reports whether a label with this value fits.
func (r *labelRule) allows(v string) bool {
	return r.in.Has(v) && !declare.Contains(r.notIn, v) && r.between(v)
}

func (r *labelRule) between(v string) bool {
	if r.above == nil && r.below == nil {
		return true
	}
	for i := range len(v) {
		if v[i] < '0' || v[i] > '9' {
			return false // before ParseInt makes an error of it
		}
	}
	n, err := strconv.ParseInt(v, 10, 64)
	return err == nil && (r.above == nil || n > *r.above) && (r.below == nil || n < *r.below)
}

// match reports whether the labels of an object fit.
func (r *labelRule) match(set watcher.Pairs) bool {
	v, ok := set.Get(r.key)
	if !ok {
		return !r.has
	}
	return !r.hasNo && r.allows(v)
}

// void says why no label fits, or nothing.
func (r *labelRule) void() string {
	switch {
	case r.hasNo && r.has:
		return fmt.Sprintf("label %q must be present and absent", r.key)
	case r.in.Void():
		return fmt.Sprintf("no value of label %q meets all steps", r.key)
	case r.boundsCross():
		return fmt.Sprintf("no number is within the bounds of label %q", r.key)
	}
	return ""
}

// boundsCross is true if no integer lies between the bounds. The value of a label cannot begin with a
// minus sign.
func (r *labelRule) boundsCross() bool {
	above := int64(-1)
	if r.above != nil {
		above = *r.above
	}
	return above == math.MaxInt64 || (r.below != nil && *r.below <= above+1)
}

// selector prints rules as the server takes them.
func selector(rules []labelRule) string {
	var parts []string
	for i := range rules {
		parts = append(parts, rules[i].parts()...)
	}
	return strings.Join(parts, ",")
}

func (r *labelRule) parts() []string {
	var out []string
	if r.hasNo {
		return []string{"!" + r.key}
	}
	if r.in.Set {
		return []string{r.key + oneOf("=", " in ", r.in.Values)}
	}
	if r.above != nil {
		out = append(out, r.key+">"+strconv.FormatInt(*r.above, 10))
	}
	if r.below != nil {
		out = append(out, r.key+"<"+strconv.FormatInt(*r.below, 10))
	}
	if r.has && len(out) == 0 {
		out = append(out, r.key)
	}
	if len(r.notIn) > 0 {
		out = append(out, r.key+oneOf("!=", " notin ", r.notIn))
	}
	slices.Sort(out)
	return out
}

func oneOf(single, several string, values []string) string {
	if len(values) == 1 {
		return single + values[0]
	}
	return several + "(" + strings.Join(values, ",") + ")"
}
