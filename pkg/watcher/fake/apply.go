package fake

import (
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// apply is server-side apply: the body is what one manager wants, and what it wanted before and now does not is
// taken away. An object that is missing is created by it.
func (w *writer) apply(body []byte) (answer, error) {
	config, err := fromYAML(body)
	if err != nil {
		return answer{}, badRequest("error decoding YAML: %v", err)
	}
	fields, err := w.fields()
	if err != nil {
		return answer{}, err
	}
	was, exists := w.find()
	live := w.blank()
	switch {
	case exists:
		live = wrap(was.copied())
	case w.subresource != "":
		return answer{}, apierrors.NewNotFound(w.groupResource(), w.name)
	}
	applied, err := fields.Apply(live, wrap(config), w.options.manager, w.options.force)
	if err != nil {
		return answer{}, err
	}
	u, ok := applied.(*unstructured.Unstructured)
	if !ok {
		return answer{}, fmt.Errorf("applied as a %T", applied)
	}
	if u.Object, err = w.normal(u.Object); err != nil {
		return answer{}, err
	}
	if err := w.intoNamespace(u); err != nil {
		return answer{}, err
	}
	if err := w.checkName(u); err != nil {
		return answer{}, err
	}
	if exists {
		return w.replace(was, u)
	}
	if uid := u.GetUID(); uid != "" {
		return answer{}, apierrors.NewConflict(w.groupResource(), w.name,
			fmt.Errorf("uid mismatch: the provided object specified uid %s, and no existing object was found", uid))
	}
	wipe(u)
	a, err := w.insert(u)
	a.code = http.StatusCreated
	return a, err
}
