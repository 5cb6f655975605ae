package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// maxStatusText is how much of a body that is plain text becomes the message of a Status, in bytes.
const maxStatusText = 512

// DecodeStatus reads the body of an error answer: error bodies come in the negotiated type too. It never returns
// nil: a body that is no Status (the text of a proxy, a broken document) becomes a failure without code and
// reason, whose message is the beginning of the text, or says what was found in place of a Status.
func DecodeStatus(body []byte, contentType string) *metav1.Status {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		media = "text/plain"
	}
	var s *metav1.Status
	switch {
	case bytes.HasPrefix(body, protobufPrefix):
		s, err = protobufStatus(body)
	case media == mediaCBOR, bytes.HasPrefix(body, []byte(cborMagic)):
		s, err = cborStatus(body)
	case media == mediaJSON:
		s, err = jsonStatus(body)
	case media == mediaProtobuf:
		err = errors.New("it does not begin as Kubernetes protobuf does")
	default:
		return failure(statusText(body))
	}
	if err != nil {
		return failure(fmt.Sprintf("the server's error answer (%s, %d bytes) could not be read: %v", media, len(body), err))
	}
	return s
}

// FrameStatus is the Status that an ERROR event carries, or what DecodeStatus makes of something else; never nil.
func FrameStatus(f *Frame) *metav1.Status {
	switch f.Encoding {
	case kind.JSON:
		return DecodeStatus(f.Raw, mediaJSON)
	case kind.CBOR:
		return DecodeStatus(f.Raw, mediaCBOR)
	default:
		return DecodeStatus(f.Raw, mediaProtobuf)
	}
}

func jsonStatus(body []byte) (*metav1.Status, error) {
	s := &metav1.Status{}
	if err := json.Unmarshal(body, s); err != nil {
		return nil, errors.New("it is not the JSON of a Status") // the cause may quote values
	}
	return s, checkStatusKind(s.Kind)
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
	s.APIVersion, s.Kind = "v1", "Status"
	return s, nil
}

func checkStatusKind(name string) error {
	if name != "Status" {
		return fmt.Errorf("it is of kind %q, not a Status", kindName(name))
	}
	return nil
}

func failure(message string) *metav1.Status {
	return &metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"},
		Status:   metav1.StatusFailure,
		Message:  message,
	}
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
