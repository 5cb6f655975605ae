package apiclient

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

const webAppsPath = "/apis/example.com/v1/namespaces/demo/webapps?limit=500"

// lookAll reads all and names what was read.
func lookAll(t *testing.T, table map[string]*http.Response) (got []string, a *answers, err error) {
	t.Helper()
	s, a := ask(t, "http://server", table)
	err = s.LookupAll(t.Context(), webAppResource, "demo", func(m *wire.Meta) {
		got = append(got, strings.Clone(m.Key()+"@"+m.UID))
	})
	return got, a, err
}

func listOf(token, items string) *http.Response {
	return answer(200, "application/json", `{"kind":"PartialObjectMetadataList","metadata":{"continue":"`+token+`"},"items":[`+items+`]}`)
}

func TestLookupAllReadsAllPages(t *testing.T) {
	got, a, err := lookAll(t, map[string]*http.Response{
		webAppsPath:                  listOf("t1", `{"metadata":{"namespace":"demo","name":"a","uid":"u1"}}`),
		withToken(webAppsPath, "t1"): listOf("t2", ``),
		withToken(webAppsPath, "t2"): listOf("", `{"metadata":{"namespace":"demo","name":"b","uid":"u2"}},{"metadata":{"namespace":"demo","name":"c","uid":"u3"}}`),
	})
	if want := []string{"demo/a@u1", "demo/b@u2", "demo/c@u3"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	accept := a.last().Header.Get("Accept")
	if !strings.HasPrefix(accept, "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json;as=") {
		t.Errorf("accepts %s", accept)
	}
}

func withToken(path, token string) string {
	return strings.Replace(path, "?", "?continue="+token+"&", 1)
}

// An answer that is not all there is an error, whatever was read of it.
func TestLookupAllFails(t *testing.T) {
	one := `{"metadata":{"namespace":"demo","name":"a","uid":"u1"}}`
	for name, c := range map[string]struct {
		table map[string]*http.Response
		is    func(error) bool
	}{
		"refused": {
			map[string]*http.Response{webAppsPath: answer(403, "application/json", `{"kind":"Status","reason":"Forbidden","code":403}`)},
			apierrors.IsForbidden,
		},
		"expired on the way": {
			map[string]*http.Response{
				webAppsPath:                 listOf("t", one),
				withToken(webAppsPath, "t"): answer(410, "application/json", `{"kind":"Status","reason":"Expired","code":410}`),
			},
			apierrors.IsResourceExpired,
		},
		"broken off": {
			map[string]*http.Response{webAppsPath: answer(200, "application/json", `{"kind":"PartialObjectMetadataList","items":[`+one)},
			func(err error) bool { return strings.Contains(err.Error(), "webapps") },
		},
		"in circles": {
			map[string]*http.Response{webAppsPath: listOf("t", one), withToken(webAppsPath, "t"): listOf("t", one)},
			func(err error) bool { return strings.Contains(err.Error(), "circles") },
		},
		"no answer": {map[string]*http.Response{webAppsPath: nil}, func(err error) bool { return strings.Contains(err.Error(), "refused") }},
	} {
		if _, _, err := lookAll(t, c.table); err == nil || !c.is(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Who may list may look at one name, whatever is in it.
func TestLookupListed(t *testing.T) {
	const one = "/apis/example.com/v1/namespaces/demo/webapps?fieldSelector=metadata.name%3Dodd%5C%2Cname&limit=500"
	for name, c := range map[string]struct {
		items string
		found bool
	}{
		"there":   {`{"metadata":{"namespace":"demo","name":"odd,name","uid":"u"}}`, true},
		"gone":    {``, false},
		"another": {`{"metadata":{"namespace":"demo","name":"odd","uid":"u"}}`, false}, // of a server that does not select
	} {
		s, _ := ask(t, "http://server", map[string]*http.Response{one: listOf("", c.items)})
		m, found, err := s.LookupListed(t.Context(), webAppResource, "demo", "odd,name")
		if err != nil || found != c.found || found && m.UID != "u" {
			t.Errorf("%s: %+v, %v, %v", name, m, found, err)
		}
	}
}

// The whole object comes as a stream's page would bring it.
func TestReadListed(t *testing.T) {
	const one = "/apis/example.com/v1/namespaces/demo/webapps?fieldSelector=metadata.name%3Dshop&limit=500"
	const object = `{"apiVersion":"example.com/v1","kind":"WebApp","metadata":{"name":"shop","namespace":"demo","uid":"u"},"spec":{"size":3}}`
	for name, c := range map[string]struct {
		resp  *http.Response
		found bool
		is    func(error) bool
	}{
		"there":   {answer(200, "application/json", `{"kind":"WebAppList","metadata":{},"items":[`+object+`]}`), true, nil},
		"gone":    {answer(200, "application/json", `{"kind":"WebAppList","metadata":{},"items":[]}`), false, nil},
		"refused": {answer(403, "application/json", `{"kind":"Status","reason":"Forbidden","code":403}`), false, apierrors.IsForbidden},
	} {
		s, a := ask(t, "http://server", map[string]*http.Response{one: c.resp})
		f, found, err := s.ReadListed(t.Context(), webAppResource, "demo", "shop", wire.ReaderOptions{})
		if found != c.found || (f != nil) != c.found || (err == nil) != (c.is == nil) || err != nil && !c.is(err) {
			t.Errorf("%s: %+v, %v, %v", name, f, found, err)
		}
		if found && (string(f.Raw) != object || f.Meta.UID != "u" || f.Type != wire.Listed) {
			t.Errorf("%s: %s %s", name, f.Type, f.Raw)
		}
		if accept := a.last().Header.Get("Accept"); strings.Contains(accept, "Partial") {
			t.Errorf("accepts %s", accept)
		}
	}
}
