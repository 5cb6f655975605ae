package kind

import (
	"bytes"
	"errors"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// decodeTree fills an unstructured object as the decoder that counts does: with maps, lists, strings,
// booleans, and numbers that are int64 where they can be.
func decodeTree(u *unstructured.Unstructured, raw []byte) (ok bool) {
	var t tree
	if json.Unmarshal(raw, &t, looseNames) != nil {
		return false
	}
	u.Object, ok = t.value.(map[string]any)
	return ok
}

// Names that repeat are found when they are put into the map.
var looseNames = jsontext.AllowDuplicateNames(true)

// errOdd ends a decode that the other decoder is to do again.
var errOdd = errors.New("not decoded here")

// tree is one document. Most names in one occur many times: they share their memory.
type tree struct {
	value any
	names [64]string
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (t *tree) UnmarshalJSONFrom(d *jsontext.Decoder) (err error) {
	t.value, err = t.read(d)
	return err
}

func (t *tree) read(d *jsontext.Decoder) (any, error) {
	switch d.PeekKind() {
	case '{':
		return t.object(d)
	case '[':
		return t.list(d)
	case '0':
		raw, err := d.ReadValue()
		if err != nil {
			return nil, err
		}
		return parseNumber(raw)
	}
	token, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case '"':
		return token.String(), nil
	case 't', 'f':
		return token.Bool(), nil
	case 'n':
		return nil, nil
	default:
		return nil, errOdd
	}
}

func (t *tree) object(d *jsontext.Decoder) (any, error) {
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	object := map[string]any{}
	for d.PeekKind() != '}' {
		raw, err := d.ReadValue()
		if err != nil {
			return nil, err
		}
		name, err := t.name(raw)
		if err != nil {
			return nil, err
		}
		v, err := t.read(d)
		if err != nil {
			return nil, err
		}
		n := len(object)
		if object[name] = v; len(object) == n {
			return nil, errOdd
		}
	}
	_, err := d.ReadToken()
	return object, err
}

func (t *tree) list(d *jsontext.Decoder) (any, error) {
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	list := []any{}
	for d.PeekKind() != ']' {
		v, err := t.read(d)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.ReadToken()
	return list, err
}

// name returns the name of a member.
func (t *tree) name(raw []byte) (string, error) {
	s, ok := plain(raw)
	if !ok {
		unquoted, err := jsontext.AppendUnquote(nil, raw)
		return string(unquoted), err
	}
	if len(s) == 0 || len(s) > 64 {
		return string(s), nil
	}
	// Names of one document that fall into the same place are rare, and cost what they would anyhow.
	at := &t.names[(31*len(s)+int(s[0])+7*int(s[len(s)-1])+13*int(s[len(s)/2]))%len(t.names)]
	if *at != string(s) {
		*at = string(s)
	}
	return *at, nil
}

// parseNumber makes an int64 where the decoder that counts makes one: of digits that fit.
func parseNumber(raw []byte) (any, error) {
	s := string(raw)
	if bytes.IndexByte(raw, '.') < 0 {
		if i, err := strconv.ParseInt(s, 10, 64); err == nil {
			return i, nil
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err
}
