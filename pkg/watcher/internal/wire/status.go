package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/internal/plaintext"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// maxStatusText is how much of a body that is plain text becomes the message of a Status, in bytes.
const maxStatusText = 512

// DecodeStatus reads the body of an error answer: error bodies come in the negotiated type too. It never returns
// nil: a body that is no Status (the text of a proxy, a broken document) becomes a failure without code and
// reason, whose message is the beginning of the text, or says what was found in place of a Status.
//
// A Status without a kind is read as one: intermediaries write such, and their code and reason decide what happens
// next. Kind reports whether the server said that it is a Status. Message and reason are bounded as plaintext.Bound does.
func DecodeStatus(body []byte, contentType string) *metav1.Status {
	media := MediaType(contentType)
	var s *metav1.Status
	var err error
	switch {
	case bytes.HasPrefix(body, protobufPrefix):
		s, err = protobufStatus(body)
	case bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{")): // whatever it is called; no CBOR Status begins so
		s, err = jsonStatus(body)
	case media == mediaCBOR, bytes.HasPrefix(body, []byte(cborMagic)):
		s, err = cborStatus(body)
	case media == mediaJSON && len(body) > 0:
		err = errors.New("it is not the JSON of a Status")
	case media == mediaProtobuf && len(body) > 0:
		err = errors.New("it does not begin as Kubernetes protobuf does")
	default:
		return failure(plaintext.Bound(statusText(body)))
	}
	if err != nil {
		return failure(plaintext.Bound(fmt.Sprintf("the server's error answer (%s, %d bytes) could not be read: %v", media, len(body), err)))
	}
	s.Message = plaintext.Bound(s.Message)
	s.Reason = metav1.StatusReason(plaintext.Bound(string(s.Reason)))
	return s
}

// FrameStatus is the Status that an ERROR event carries, or what DecodeStatus makes of something else; never nil.
func FrameStatus(f *Frame) *metav1.Status {
	media := mediaProtobuf
	switch f.Encoding {
	case kind.JSON:
		media = mediaJSON
	case kind.CBOR:
		media = mediaCBOR
	default:
	}
	s := DecodeStatus(f.Raw, media)
	if s.Message == "" {
		s.Message = "the server sent an ERROR event without a message"
	}
	return s
}

// NoStatus stands in for the Status of an ERROR event that could not be read.
func NoStatus(bad *BadFrameError) *metav1.Status {
	return failure(plaintext.Bound(fmt.Sprintf("the server sent an ERROR event without a Status: %v", bad.Err)))
}

func jsonStatus(body []byte) (*metav1.Status, error) {
	s := &metav1.Status{}
	if err := json.Unmarshal(body, s); err == nil && s.Kind == "Status" {
		return s, nil
	}
	var fields map[string]any
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, errors.New("it is not the JSON of a Status") // the cause may quote values
	}
	return looseStatus(fields)
}

func protobufStatus(body []byte) (*metav1.Status, error) {
	e, err := openEnvelope(body)
	if err != nil {
		return nil, err
	}
	if err := checkStatusKind(e.kind); err != nil {
		return nil, err
	}
	s := &metav1.Status{}
	if err := s.Unmarshal(e.raw); err != nil {
		return nil, errors.New("it is not the protobuf of a Status")
	}
	if e.kind == "" && s.Status != metav1.StatusFailure { // another object's fields may be read as text
		return nil, errors.New("it has no kind and does not say that something failed")
	}
	if s.Kind = e.kind; s.Kind != "" {
		s.APIVersion = "v1"
	}
	return s, nil
}

// checkStatusKind refuses objects that say that they are something else.
func checkStatusKind(name string) error {
	if name != "Status" && name != "" {
		return fmt.Errorf("it is of kind %q, not a Status", kindName(name))
	}
	return nil
}

func failure(message string) *metav1.Status {
	return &metav1.Status{Status: metav1.StatusFailure, Message: message}
}

// statusText is the beginning of a text, on one line.
func statusText(body []byte) string {
	cut := len(body) > maxStatusText
	text := strings.ToValidUTF8(string(body[:min(len(body), maxStatusText)]), "")
	text = strings.Join(strings.Fields(text), " ")
	if cut {
		text += " ..."
	}
	return text
}
