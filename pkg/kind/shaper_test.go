package kind

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
)

// oddValues are values that a field may have, should not have, or that decoders are known to
// read in different ways.
var oddValues = []string{
	`null`, `true`, `false`, `0`, `-0`, `1`, `-1`, `1.0`, `1.5`, `1e2`, `1E400`, `-129`, `255`, `65536`, `2147483648`, `-2147483649`,
	`9223372036854775807`, `9223372036854775808`, `18446744073709551615`, `18446744073709551616`, `0.1`, `3.5e38`, `01`, `-`, `.5`,
	`""`, `"a"`, `"1"`, `"-0"`, `"true"`, `"null"`, `"\u0041"`, `"\ud800"`, `"\ud83d\ude00"`, "\"\xff\"", "\"\n\"", `"\x"`, `"é"`, `"\u2028"`,
	`"2026-03-04T05:06:07Z"`, `"2026-03-04T05:06:07.123456+07:00"`, `"2026-03-04T5:06:07Z"`, `"2026-03-04t05:06:07z"`, `"2026-02-30T05:06:07Z"`,
	`"2026-03-04T05:06:07,5Z"`, `"2026-03-04T05:06:07+24:00"`, `"2026-03-04T05:06:07.123456Z"`, `"2026-03-04T05:06:60Z"`,
	`"1Gi"`, `"500m"`, `"1e3"`, `" 1 "`, `"10s"`, `"1h0m"`, `"10%"`, `"wrong"`, `"panic"`,
	`"YQ=="`, `"YQ"`, `"YR=="`, `"Y\nQ=="`, `"_-=="`,
	`{}`, `[]`, `[null]`, `[0]`, `["a"]`, `[[]]`, `[{}]`, `{"a":1}`, `{"a":null}`, `{"a":{},"a":[]}`, `{"":""}`, `{"type":"a"}`, `[1,]`, `{"a"}`,
	` { "a" : [ 1 , "\u0061" ] } `, `nul`, ``,
}

// shaper writes documents for a Go type: most of a document is as the type wants it, and here and
// there it is not. The choices decide; when they are used up, all is as it should be.
type shaper struct {
	choices []byte
	// odd is the value in the place of number at; no choice needs to be spent on it.
	odd    string
	at     int
	places int // that were written so far
	out    strings.Builder
}

func (s *shaper) next() byte {
	if len(s.choices) == 0 {
		return 255
	}
	c := s.choices[0]
	s.choices = s.choices[1:]
	return c
}

func (s *shaper) document(t reflect.Type) []byte {
	s.right(t, 0)
	return []byte(s.out.String())
}

// value writes a value for a type, or another.
func (s *shaper) value(t reflect.Type, depth int) {
	place := s.places
	s.places++
	if place == s.at {
		s.out.WriteString(s.odd)
		return
	}
	switch c := s.next(); {
	case c < 40:
		s.out.WriteString(oddValues[int(s.next())%len(oddValues)])
	case c < 50:
		s.out.WriteString("null")
	default:
		s.right(t, depth)
	}
}

// right writes a value that the type takes.
func (s *shaper) right(t reflect.Type, depth int) {
	if methods(t) {
		s.out.WriteString(s.own(t))
		return
	}
	switch t.Kind() {
	case reflect.Pointer:
		s.right(t.Elem(), depth)
	case reflect.Struct:
		s.out.WriteByte('{')
		if depth < 5 {
			s.fields(t, depth, new(bool))
		}
		s.out.WriteByte('}')
	case reflect.Map:
		s.out.WriteByte('{')
		for i := range 1 + int(s.next())%3 {
			if i > 0 {
				s.out.WriteByte(',')
			}
			s.name("key"+strconv.Itoa(i), s.next())
			s.value(t.Elem(), depth+1)
		}
		s.out.WriteByte('}')
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			s.out.WriteString(`"aGVsbG8="`)
			return
		}
		s.out.WriteByte('[')
		for i := range 1 + int(s.next())%2 {
			if i > 0 {
				s.out.WriteByte(',')
			}
			s.value(t.Elem(), depth+1)
		}
		s.out.WriteByte(']')
	case reflect.String:
		s.out.WriteString(`"text"`)
	case reflect.Bool:
		s.out.WriteString(`true`)
	case reflect.Interface:
		s.out.WriteString(`{"x":1}`)
	default:
		s.out.WriteString(`7`)
	}
}

// own is a value for a type that decodes itself.
func (s *shaper) own(t reflect.Type) string {
	switch t.Name() {
	case "Time":
		return `"2026-03-04T05:06:07Z"`
	case "MicroTime":
		return `"2026-03-04T05:06:07.123456Z"`
	case "Duration":
		return `"1m"`
	case "Quantity":
		return `"1Gi"`
	case "loud":
		return `"text"`
	case "IntOrString":
		return [...]string{`7`, `"text"`}[s.next()%2]
	}
	var takes []string
	for _, raw := range []string{`{"a":{"b":[1]}}`, `"text"`, `true`, `["a"]`} {
		if json.Unmarshal([]byte(raw), reflect.New(t).Interface()) == nil {
			takes = append(takes, raw)
		}
	}
	return takes[int(s.next())%len(takes)]
}

// fields writes the members of a struct and of those embedded in it.
func (s *shaper) fields(t reflect.Type, depth int, begun *bool) {
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported():
			continue
		case f.Anonymous && name == "":
			s.fields(f.Type, depth, begun)
			continue
		case name == "":
			name = f.Name
		case name == "apiVersion" || name == "kind":
			continue // any but the right one ends in an error, and these are tested elsewhere
		}
		c := s.next()
		if c%16 == 0 || depth > 2 && c%2 == 0 && c != 254 {
			continue
		}
		for range 1 + int(1/(c%16)) { // twice for one in sixteen
			if *begun {
				s.out.WriteByte(',')
			}
			*begun = true
			s.name(name, c)
			s.value(f.Type, depth+1)
		}
	}
}

// name writes a name and its colon, sometimes in another spelling.
func (s *shaper) name(name string, c byte) {
	switch c {
	case 2:
		name = strings.ToUpper(name)
	case 3:
		name = strings.ToUpper(name[:1]) + name[1:]
	case 4:
		name = `\u00` + strconv.FormatInt(int64(name[0]), 16) + name[1:]
	case 5:
		name = "key0"
	case 6:
		name += "\xff"
	case 7:
		name = "_" + name
	case 8:
		s.out.WriteString(" \t\n")
	}
	s.out.WriteString(`"` + name + `":`)
}
