package fake

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apitypes "k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/mergepatch"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func (w *writer) patch(body []byte) (answer, error) {
	as := w.patchType()
	if known := w.patchTypes(); !slices.Contains(known, string(as)) {
		return answer{}, unsupportedMedia(known)
	}
	if as == apitypes.ApplyYAMLPatchType {
		return w.apply(body)
	}
	was, ok := w.find()
	if !ok {
		return answer{}, apierrors.NewNotFound(w.groupResource(), w.name)
	}
	content, err := w.patched(was, as, body)
	if err != nil {
		return answer{}, err
	}
	u, err := w.manage(wrap(was.copied()), wrap(content))
	if err != nil {
		return answer{}, err
	}
	if err := w.intoNamespace(u); err != nil {
		return answer{}, err
	}
	if err := w.checkName(u); err != nil {
		return answer{}, err
	}
	return w.replace(was, u)
}

// patchTypes are those that the resource can be patched with; a strategic merge needs a Go type to say how.
func (w *writer) patchTypes() []string {
	known := []string{string(apitypes.JSONPatchType), string(apitypes.MergePatchType)}
	if w.collection.builtin {
		known = append(known, string(apitypes.StrategicMergePatchType))
	}
	return append(known, string(apitypes.ApplyYAMLPatchType))
}

// patched is what a patch makes of a state, in normal form.
func (w *writer) patched(was *object, as apitypes.PatchType, body []byte) (map[string]any, error) {
	var content map[string]any
	var err error
	if as == apitypes.StrategicMergePatchType {
		content, err = w.strategic(was, body)
	} else {
		content, err = byJSON(was, as, body)
	}
	if err != nil {
		return nil, err
	}
	if err := w.expectKind(content); err != nil {
		return nil, err
	}
	if err := w.checkFields(content, invalidPatch); err != nil {
		return nil, err
	}
	out, err := w.normal(content)
	if err != nil {
		return nil, invalidPatch(err)
	}
	return out, nil
}

// invalidPatch says why the patched object cannot be. The real server also quotes it, which would put Secrets into
// messages.
func invalidPatch(err error) error {
	return apierrors.NewInvalid(schema.GroupKind{}, "", field.ErrorList{
		field.Invalid(field.NewPath("patch"), field.OmitValueType{}, err.Error()),
	})
}

// byJSON does a JSON patch or a merge patch.
func byJSON(was *object, as apitypes.PatchType, body []byte) (map[string]any, error) {
	raw, err := json.Marshal(was.Object)
	if err != nil {
		return nil, err
	}
	if as == apitypes.MergePatchType {
		if raw, err = jsonpatch.MergePatch(raw, body); err != nil {
			return nil, badRequest("%v", err)
		}
		return objectFrom(raw)
	}
	steps, err := jsonpatch.DecodePatch(body)
	if err != nil {
		return nil, badRequest("%v", err)
	}
	if raw, err = steps.Apply(raw); err != nil { // a test that failed, or a path that is not there
		return nil, unprocessable(err)
	}
	return objectFrom(raw)
}

func objectFrom(raw []byte) (map[string]any, error) {
	content, err := fromJSON(raw)
	if err != nil {
		return nil, badRequest("error decoding the patched object: %v", err)
	}
	return content, nil
}

func (w *writer) strategic(was *object, body []byte) (map[string]any, error) {
	patch, err := fromJSON(body)
	if err != nil {
		return nil, badRequest("%v", err)
	}
	typed, err := types().New(w.resource.GVK())
	if err != nil {
		return nil, err
	}
	out, err := strategicpatch.StrategicMergeMapPatch(was.copied(), patch, typed)
	switch {
	case errors.Is(err, mergepatch.ErrNoListOfLists), errors.Is(err, mergepatch.ErrPatchContentNotMatchRetainKeys):
		return nil, unprocessable(err)
	case err != nil:
		return nil, badRequest("%v", err)
	}
	return out, nil
}

func unprocessable(err error) error {
	return apierrors.NewGenericServerResponse(http.StatusUnprocessableEntity, "", schema.GroupResource{}, "", err.Error(), 0, false)
}
