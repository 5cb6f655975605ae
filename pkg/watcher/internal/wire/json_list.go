package wire

import "io"

type jsonList struct {
	in   *meter
	meta ListMeta
}

func newJSONList(in *meter) *jsonList { return &jsonList{in: in} }

func (l *jsonList) Next() (Frame, error) { return Frame{}, io.EOF }

func (l *jsonList) Meta() ListMeta { return l.meta }
