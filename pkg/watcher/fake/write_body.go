package fake

import (
	"bytes"
	"fmt"
	"mime"
	"net/http"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// decode reads the object that a body holds, and checks that it is of the kind that the URL is for.
func (w *writer) decode(body []byte) (map[string]any, error) {
	media := runtime.ContentTypeJSON
	if said := w.Header.Get("Content-Type"); said != "" {
		media, _, _ = mime.ParseMediaType(said)
	}
	var content map[string]any
	var err error
	switch {
	case media == runtime.ContentTypeJSON && w.collection.builtin && bytes.Equal(bytes.TrimSpace(body), []byte("null")):
		content = map[string]any{} // the Go type is left as it was
	case media == runtime.ContentTypeJSON:
		content, err = fromJSON(body)
	case media == runtime.ContentTypeYAML:
		content, err = fromYAML(body)
	case media == runtime.ContentTypeProtobuf && w.collection.builtin:
		content, err = w.fromProtobuf(body)
	default:
		return nil, unsupportedMedia(w.bodyTypes())
	}
	if err != nil {
		return nil, badRequest("the object provided is unrecognized (must be of type %s): %v", w.resource.Kind, err)
	}
	if err := w.expectKind(content); err != nil {
		return nil, err
	}
	unfit := func(err error) error {
		return badRequest("%s in version %q cannot be handled as a %s: %v", w.resource.Kind, w.resource.Version, w.resource.Kind, err)
	}
	if err := w.checkFields(content, unfit); err != nil {
		return nil, err
	}
	if content, err = w.normal(content); err != nil {
		return nil, unfit(err)
	}
	return content, nil
}

func (w *writer) bodyTypes() []string {
	accepted := []string{runtime.ContentTypeJSON, runtime.ContentTypeYAML}
	if w.collection.builtin {
		accepted = append(accepted, runtime.ContentTypeProtobuf)
	}
	return accepted
}

func unsupportedMedia(accepted []string) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusUnsupportedMediaType, Reason: metav1.StatusReasonUnsupportedMediaType,
		Message: "the body of the request was in an unknown format - accepted media types include: " + strings.Join(accepted, ", "),
	}}
}

func fromJSON(body []byte) (content map[string]any, err error) {
	if err = json.Unmarshal(body, &content); err == nil && content == nil {
		err = fmt.Errorf("the body holds no object")
	}
	return content, err
}

func fromYAML(body []byte) (map[string]any, error) {
	asJSON, err := yaml.ToJSON(body)
	if err != nil {
		return nil, err
	}
	return fromJSON(asJSON)
}

// envelope opens the wrapping that every protobuf body has.
func envelope(body []byte) (runtime.Unknown, error) {
	var u runtime.Unknown
	raw, ok := bytes.CutPrefix(body, []byte("k8s\x00"))
	if !ok {
		return u, fmt.Errorf("a protobuf body begins with the bytes k8s and zero")
	}
	err := u.Unmarshal(raw)
	return u, err
}

func (w *writer) fromProtobuf(body []byte) (map[string]any, error) {
	u, err := envelope(body)
	if err != nil {
		return nil, err
	}
	if u.Kind != "" && u.Kind != w.resource.Kind {
		return map[string]any{"apiVersion": u.APIVersion, "kind": u.Kind}, nil // refused for its kind
	}
	typed, err := types().New(w.resource.GVK())
	if err != nil {
		return nil, err
	}
	m, ok := typed.(interface{ Unmarshal(data []byte) error })
	if !ok {
		return nil, fmt.Errorf("%s has no protobuf", w.resource.Kind)
	}
	if err := m.Unmarshal(u.Raw); err != nil {
		return nil, err
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
	if err != nil {
		return nil, err
	}
	content["apiVersion"], content["kind"] = u.APIVersion, u.Kind
	return content, nil
}

// expectKind refuses an object of another kind. A built-in one may leave out what it is.
func (w *writer) expectKind(content map[string]any) error {
	apiVersion, _ := content["apiVersion"].(string)
	kind, _ := content["kind"].(string)
	if w.collection.builtin {
		if apiVersion == "" {
			apiVersion = w.resource.APIVersion()
		}
		if kind == "" {
			kind = w.resource.Kind
		}
	}
	switch {
	case kind == "":
		return badRequest("Object 'Kind' is missing: set it to %s", w.resource.Kind)
	case apiVersion != w.resource.APIVersion():
		return badRequest("the API version in the data (%s) does not match the expected API version (%s)",
			apiVersion, w.resource.APIVersion())
	case kind != w.resource.Kind && w.collection.builtin:
		gv, _ := schema.ParseGroupVersion(apiVersion)
		return badRequest("%s in version %q cannot be handled as a %s", kind, gv.Version, w.resource.Kind)
	case kind != w.resource.Kind:
		gk := schema.GroupKind{Group: w.resource.Group, Kind: kind}
		return apierrors.NewInvalid(gk, wrap(content).GetName(), field.ErrorList{
			field.Invalid(field.NewPath("kind"), kind, "must be "+w.resource.Kind),
		})
	}
	content["apiVersion"], content["kind"] = apiVersion, kind
	return nil
}

// normal is content in the form in which the server keeps it: that of the Go type for a built-in kind, without the fields
// that it does not have, unless these are an error (KEP-2885); of another kind only the metadata is known.
//
// A namespace always has its name as a label.
func (w *writer) normal(content map[string]any) (map[string]any, error) {
	convert := runtime.DefaultUnstructuredConverter
	if !w.collection.builtin {
		return normalMetadata(content)
	}
	typed, err := types().New(w.resource.GVK())
	if err != nil {
		return nil, err
	}
	if err := convert.FromUnstructured(content, typed); err != nil {
		return nil, err
	}
	if secret, ok := typed.(*corev1.Secret); ok {
		defaultSecret(secret)
	}
	out, err := convert.ToUnstructured(typed)
	if err != nil {
		return nil, err
	}
	out["apiVersion"], out["kind"] = w.resource.APIVersion(), w.resource.Kind
	if name := wrap(out).GetName(); name != "" && w.groupResource() == namespaces {
		setField(wrap(out), name, "metadata", "labels", corev1.LabelMetadataName)
	}
	return withoutNulls(out), nil
}

func normalMetadata(content map[string]any) (map[string]any, error) {
	convert := runtime.DefaultUnstructuredConverter
	said, ok := content["metadata"].(map[string]any)
	if !ok && content["metadata"] != nil {
		return nil, fmt.Errorf("metadata has to be an object")
	}
	var meta metav1.ObjectMeta
	if err := convert.FromUnstructured(said, &meta); err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	out, err := convert.ToUnstructured(&meta)
	if err != nil {
		return nil, err
	}
	content["metadata"] = out
	return withoutNulls(content), nil
}

// withoutNulls drops a creationTimestamp that is not set yet.
func withoutNulls(content map[string]any) map[string]any {
	if meta, ok := content["metadata"].(map[string]any); ok && meta["creationTimestamp"] == nil {
		delete(meta, "creationTimestamp")
	}
	return content
}
