package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// shape is how an answer is written.
type shape uint8

const (
	shapeOther shape = iota
	shapeJSON
	shapeProtobuf
	shapeCBOR
)

// MediaType is the type that a Content-Type header names, in lower case, whatever follows it: a malformed parameter
// does not make the type unknown. It is empty where the header names none.
func MediaType(contentType string) string {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		media, _, _ = strings.Cut(contentType, ";")
		media = strings.ToLower(strings.TrimSpace(media))
	}
	if strings.Count(media, "/") != 1 || strings.ContainsAny(media, " \t,") {
		return ""
	}
	return media
}

// checkType refuses what cannot be read by its Content-Type alone: Tables, and types of their own such as HTML. A
// missing type, and those that HTTP servers put in its place, decide nothing: the first bytes do (see shapeOf).
func checkType(contentType string, types ...string) error {
	media := MediaType(contentType)
	silent := media == "" || media == "text/plain" || media == "application/octet-stream"
	if isTable(contentType) || !silent && !slices.Contains(types, media) {
		return &UnsupportedMediaError{ContentType: contentType}
	}
	return nil
}

// isTable says whether the type has the parameter as=Table, also where another one is malformed.
func isTable(contentType string) bool {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return strings.Contains(strings.ToLower(strings.ReplaceAll(contentType, `"`, "")), "as=table")
	}
	return strings.EqualFold(params["as"], "Table")
}

// headSize is how much of an answer is read before it is known how it is written.
const headSize = 512

// head is the beginning of an answer, followed by the rest.
type head struct {
	data []byte // not handed out yet
	err  error  // that ended the reading of it
	r    io.Reader
}

// Read implements io.Reader.
func (h *head) Read(p []byte) (int, error) {
	if len(h.data) > 0 {
		n := copy(p, h.data)
		if h.data = h.data[n:]; len(h.data) == 0 {
			h.data = nil // and its memory
		}
		return n, nil
	}
	if h.err != nil {
		return 0, h.err
	}
	return h.r.Read(p)
}

// begin reads until the first bytes are known to say how the answer is written.
func begin(r io.Reader) *head {
	h := &head{r: r}
	buffer := make([]byte, headSize)
	n := 0
	for empty := 0; n < len(buffer) && h.err == nil && !enough(buffer[:n]); empty++ {
		var more int
		more, h.err = r.Read(buffer[n:])
		if n += more; more > 0 {
			empty = 0
		}
		if empty == maxEmptyReads {
			h.err = io.ErrNoProgress
		}
	}
	h.data = buffer[:n]
	return h
}

// enough says whether shapeOf and documentOf can decide on these first bytes.
func enough(b []byte) bool {
	at := jsonSpace(b, 0)
	switch {
	case at == len(b):
		return false
	case b[at] == '{':
		_, whole := firstMember(b)
		return whole
	default:
		return len(b) >= len(protobufPrefix)
	}
}

// shapeOf says how an answer is written whose first bytes these are. The first bytes of what API servers send differ:
// a brace, the prefix of protobuf or, in a watch, a length below 32 MiB, and a map or tag of CBOR. Where they say
// nothing the Content-Type counts, but protobuf and CBOR do not begin as HTML, nor protobuf as any text.
func shapeOf(b []byte, contentType string) shape {
	at := jsonSpace(b, 0)
	switch {
	case at == len(b): // its reader says what is missing
		return shapeJSON
	case b[at] == '{':
		return shapeJSON
	case bytes.HasPrefix(b, protobufPrefix), b[0] <= 1:
		return shapeProtobuf
	case bytes.HasPrefix(b, []byte(cborMagic)), b[0] >= 0xa0 && b[0] <= 0xbf:
		return shapeCBOR
	}
	text := at > 0 || b[0] >= ' ' && b[0] < 0x7f
	switch MediaType(contentType) {
	case mediaJSON:
		return shapeJSON
	case mediaProtobuf:
		if !text || bytes.HasPrefix(protobufPrefix, b) {
			return shapeProtobuf
		}
	case mediaCBOR, mediaCBORSeq:
		if b[at] != '<' {
			return shapeCBOR
		}
	}
	return shapeOther
}

// ErrEmpty is about a list without a byte.
var ErrEmpty = fmt.Errorf("the answer is empty: %w", readError(io.ErrUnexpectedEOF, false))

// errNoShape is about an answer that is in none of the forms.
func errNoShape(b []byte) error {
	if b = bytes.TrimLeft(b, " \t\r\n"); len(b) > 0 && b[0] == '<' {
		return errors.New("it begins as HTML or XML does")
	}
	return errors.New("it is neither JSON nor Kubernetes protobuf nor CBOR")
}

// firstMember is the name of the first member of the JSON object that b begins with; whole is false as long as it did
// not arrive.
func firstMember(b []byte) (name string, whole bool) {
	at := jsonNext(b, jsonSpace(b, 0)+1)
	if at == jsonMore {
		return "", false
	}
	if at < 0 || b[at] != '"' {
		return "", true
	}
	end, _ := jsonString(b, at+1)
	if end < 0 {
		return "", end != jsonMore
	}
	return string(b[at+1 : end]), true
}

// documentOf says whether an answer to a watch is one document rather than events, and of which kind: a list, as when
// something on the way dropped the query, or a Status under a code of 200.
func documentOf(b []byte) (kind string, ok bool) {
	if bytes.HasPrefix(b, protobufPrefix) {
		return "", true
	}
	if at := jsonSpace(b, 0); at == len(b) || b[at] != '{' {
		return "", false
	}
	name, _ := firstMember(b)
	switch name {
	case "kind", "apiVersion", "items", "metadata", "code", "message", "reason", "status", "error":
	default:
		return "", false
	}
	_, after, _ := bytes.Cut(b, []byte(`"kind"`))
	if after = bytes.TrimLeft(after, " \t\r\n:"); len(after) > 1 && after[0] == '"' {
		word, _, whole := bytes.Cut(after[1:], []byte{'"'})
		if whole {
			kind = kindName(string(word))
		}
	}
	return kind, true
}

// maxDocument bounds how much of a document that came in place of events is read, in bytes.
const maxDocument = 1 << 20

// document is the error for a document in place of events. Of a Status it carries what the server said.
func (h *head) document(kind string) error {
	e := &NotAWatchError{Kind: kind}
	if kind != "" && kind != "Status" {
		return e
	}
	body, err := io.ReadAll(io.LimitReader(h, maxDocument))
	if err != nil {
		return readError(err, false)
	}
	var s *metav1.Status
	if s = DecodeStatus(body, ""); s.Code >= 400 || s.Reason != "" {
		e.Kind, e.Status = "Status", s
	}
	return e
}
