package wire

import "io"

type protobufList struct {
	in   *meter
	meta ListMeta
}

func newProtobufList(in *meter) *protobufList { return &protobufList{in: in} }

func (l *protobufList) Next() (Frame, error) { return Frame{}, io.EOF }

func (l *protobufList) Meta() ListMeta { return l.meta }
