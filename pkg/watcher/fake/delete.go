package fake

import (
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/yaml"
)

func (w *writer) delete(body []byte) (answer, error) {
	said, err := w.deleteOptions(body)
	if err != nil {
		return answer{}, err
	}
	was, ok := w.find()
	if !ok {
		return answer{}, apierrors.NewNotFound(w.groupResource(), w.name)
	}
	if err := w.checkPreconditions(was, said.Preconditions); err != nil {
		return answer{}, err
	}
	if w.groupResource() == namespaces {
		return w.deleteNamespace(was)
	}
	return w.remove(was), nil
}

// deleteCollection deletes what matches the selectors in the namespace of the URL. The answer is a list of that.
func (w *writer) deleteCollection(body []byte) (answer, error) {
	said, err := w.deleteOptions(body)
	if err != nil {
		return answer{}, err
	}
	matches, refused := matcher(w.request)
	if refused != nil {
		return answer{}, &apierrors.StatusError{ErrStatus: *refused}
	}
	var chosen []*object
	for _, o := range w.collection.sorted(w.namespace) {
		if !matches(o) {
			continue
		}
		if err := w.checkPreconditions(o, said.Preconditions); err != nil {
			return answer{}, err
		}
		chosen = append(chosen, o)
	}
	rv := strconv.FormatUint(w.store.rv, 10)
	items := make([]any, len(chosen))
	for i, o := range chosen {
		item := o.copied()
		if w.collection.builtin { // 9
			delete(item, "kind")
			delete(item, "apiVersion")
		}
		items[i] = item
		w.remove(o)
	}
	return answer{code: http.StatusOK, is: &object{Unstructured: wrap(map[string]any{
		"kind": w.resource.Kind + "List", "apiVersion": w.resource.APIVersion(),
		"metadata": map[string]any{"resourceVersion": rv}, "items": items,
	})}}, nil
}

// remove deletes an object, or marks one that has finalizers.
func (w *writer) remove(was *object) answer {
	if len(was.GetFinalizers()) > 0 && !isStale(w.Request) {
		if was.GetDeletionTimestamp() != nil {
			return answer{code: http.StatusOK, is: was}
		}
		return answer{code: http.StatusOK, is: w.put(was, marked(was))}
	}
	last := w.take(was)
	if w.in(shownDeleted) {
		return answer{code: http.StatusOK, is: last}
	}
	return answer{code: http.StatusOK, status: succeeded(&metav1.StatusDetails{
		Name: was.GetName(), Group: w.resource.Group, Kind: w.resource.Plural, UID: was.GetUID(),
	})}
}

// marked is the state of an object whose deletion waits for its finalizers.
func marked(was *object) *unstructured.Unstructured {
	u := wrap(was.copied())
	if g := u.GetGeneration(); g > 0 {
		u.SetGeneration(g + 1)
	}
	now, none := metav1.NewTime(time.Now().Truncate(time.Second)), int64(0)
	u.SetDeletionTimestamp(&now)
	u.SetDeletionGracePeriodSeconds(&none)
	return u
}

func succeeded(details *metav1.StatusDetails) *metav1.Status {
	return &metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusSuccess, Details: details,
	}
}

func (w *writer) checkPreconditions(was *object, p *metav1.Preconditions) error {
	gr := schema.GroupResource{Group: w.resource.Group, Resource: w.resource.Kind}
	switch {
	case p == nil:
	case p.UID != nil && *p.UID != was.GetUID():
		return apierrors.NewConflict(gr, was.GetName(), fmt.Errorf("the UID in the precondition (%s) does not match "+
			"the UID in record (%s). The object might have been deleted and then recreated", *p.UID, was.GetUID()))
	case p.ResourceVersion != nil && *p.ResourceVersion != was.GetResourceVersion():
		return apierrors.NewConflict(gr, was.GetName(), fmt.Errorf("the ResourceVersion in the precondition (%s) does not match "+
			"the ResourceVersion in record (%s). The object might have been modified",
			*p.ResourceVersion, was.GetResourceVersion()))
	}
	return nil
}

// deleteOptions reads the body of a deletion. A dry run may be asked for in it, or in the URL.
func (w *writer) deleteOptions(body []byte) (*metav1.DeleteOptions, error) {
	said := &metav1.DeleteOptions{}
	if len(body) == 0 {
		return said, nil
	}
	media := runtime.ContentTypeJSON
	if text := w.Header.Get("Content-Type"); text != "" {
		media, _, _ = mime.ParseMediaType(text)
	}
	var err error
	switch media {
	case runtime.ContentTypeJSON:
		err = json.Unmarshal(body, said)
	case runtime.ContentTypeYAML:
		if body, err = yaml.ToJSON(body); err == nil {
			err = json.Unmarshal(body, said)
		}
	case runtime.ContentTypeProtobuf:
		var u runtime.Unknown
		if u, err = envelope(body); err == nil {
			err = said.Unmarshal(u.Raw)
		}
	default:
		return nil, unsupportedMedia([]string{runtime.ContentTypeJSON, runtime.ContentTypeYAML, runtime.ContentTypeProtobuf})
	}
	if err != nil {
		return nil, badRequest("the body is no DeleteOptions: %v", err)
	}
	w.options.dryRun = w.options.dryRun || len(said.DryRun) > 0
	return said, nil
}
