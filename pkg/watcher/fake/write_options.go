package fake

import (
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apitypes "k8s.io/apimachinery/pkg/types"
)

// options are the parameters of a request that writes. Of fieldValidation, Strict refuses unknown fields; Warn does
// without the warning.
type options struct {
	dryRun  bool
	force   bool
	strict  bool
	manager string // for managedFields: the fieldManager, or the client's name
}

func (w *writer) readOptions() error {
	q := w.URL.Query()
	said := metav1.PatchOptions{
		FieldManager: q.Get("fieldManager"), DryRun: q["dryRun"], FieldValidation: q.Get("fieldValidation"),
	}
	if text := q.Get("force"); text != "" {
		force, err := strconv.ParseBool(text)
		if err != nil {
			return badRequest("force is %q: give true or false", text)
		}
		said.Force = &force
		w.options.force = force
	}
	kind := map[string]string{
		http.MethodPost: "CreateOptions", http.MethodPut: "UpdateOptions", http.MethodPatch: "PatchOptions",
	}[w.Method]
	if kind == "" {
		kind = "DeleteOptions"
	}
	if w.Method != http.MethodPatch {
		said.Force = nil // only patches have it
	}
	if errs := metavalidation.ValidatePatchOptions(&said, w.patchType()); len(errs) > 0 {
		return apierrors.NewInvalid(schema.GroupKind{Group: metav1.GroupName, Kind: kind}, "", errs)
	}
	w.options.dryRun = len(said.DryRun) > 0
	w.options.strict = said.FieldValidation == metav1.FieldValidationStrict
	w.options.manager = said.FieldManager
	if w.options.manager == "" {
		w.options.manager = clientName(w.UserAgent())
	}
	return nil
}

// patchType is the kind of patch that a PATCH carries, and empty for another method.
func (w *writer) patchType() apitypes.PatchType {
	if w.Method != http.MethodPatch {
		return ""
	}
	media, _, _ := strings.Cut(w.Header.Get("Content-Type"), ";")
	return apitypes.PatchType(media)
}

// clientName is the part of a User-Agent that stands for the client in managedFields: up to the first slash, what can be
// printed of it, 128 bytes at most.
func clientName(userAgent string) string {
	name, _, _ := strings.Cut(userAgent, "/")
	var b strings.Builder
	for _, r := range name {
		if !unicode.IsPrint(r) {
			continue
		}
		if b.Len()+utf8.RuneLen(r) > metavalidation.FieldManagerMaxLength {
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}
