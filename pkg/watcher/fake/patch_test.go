package fake

import (
	"fmt"
	"strings"
	"testing"
)

const (
	jsonPatch  = "application/json-patch+json"
	mergePatch = "application/merge-patch+json"
	strategic  = "application/strategic-merge-patch+json"
)

func (c script) patch(path, media, body string) got {
	c.Helper()
	return c.send("PATCH", path, body, "Content-Type", media)
}

func TestPatch(t *testing.T) {
	const containers = `{"metadata":{"name":"d"},"spec":{"template":{"spec":{"containers":[` +
		`{"name":"a","image":"1"},{"name":"b","image":"1"}]}}}}`
	for _, r := range []struct {
		rule, media, body string
		path, want        string
	}{
		{"a JSON patch goes by indexes", jsonPatch,
			`[{"op":"replace","path":"/spec/template/spec/containers/1/name","value":"c"}]`,
			"spec/template/spec/containers", "[map[image:1 name:a resources:map[]] map[image:1 name:c resources:map[]]]"},
		{"a merge patch replaces lists", mergePatch,
			`{"spec":{"template":{"spec":{"containers":[{"name":"c"}]}}}}`,
			"spec/template/spec/containers", "[map[name:c resources:map[]]]"},
		{"a strategic merge patch merges lists by their keys", strategic,
			`{"spec":{"template":{"spec":{"containers":[{"name":"b","image":"2"}]}}}}`,
			"spec/template/spec/containers", "[map[image:2 name:b resources:map[]] map[image:1 name:a resources:map[]]]"},
		{"null takes away", mergePatch, `{"spec":{"replicas":null},"metadata":{"labels":null}}`, "spec/replicas", "<nil>"},
		{"a charset is no matter", mergePatch + "; charset=utf-8", `{"spec":{"replicas":2}}`, "spec/replicas", "2"},
		{"a field that the kind does not have is dropped", mergePatch, `{"spec":{"replica":2}}`, "spec/replica", "<nil>"},
	} {
		t.Run(r.rule, func(t *testing.T) {
			c := newScript(t)
			c.post(deploy, containers).ok(201)
			g := c.patch(deploy+"/d", r.media, r.body).ok(200)
			if r.media != strategic {
				g.has(r.path, r.want)
				return
			}
			// Which comes first is not said.
			for name, image := range map[string]string{"a": "1", "b": "2"} {
				if list := fmt.Sprint(g.is.Object["spec"]); !strings.Contains(list, fmt.Sprintf("map[image:%s name:%s ", image, name)) {
					t.Errorf("%s is not %s in %s", name, image, list)
				}
			}
		})
	}
}

func TestPatchRules(t *testing.T) {
	c := newScript(t)
	c.post(cmaps, configMap("a", `,"data":{"k":"v"}`)).ok(201)
	c.post(gizmos, gizmoNamed("g", "", "")).ok(201)
	for _, r := range []struct {
		rule, path, media, body string
		code                    int
		words                   string
	}{
		{"what is not there is not found", cmaps + "/b", mergePatch, `{}`, 404, "not found"},
		{"the type has to be said", cmaps + "/a", "application/json", `{}`, 415, strategic},
		{"custom resources have no strategic merge", gizmos + "/g", strategic, `{}`, 415, mergePatch},
		{"a resourceVersion is a precondition", cmaps + "/a", mergePatch,
			`{"metadata":{"resourceVersion":"1"}}`, 409, "the object has been modified"},
		{"a uid cannot change", cmaps + "/a", mergePatch, `{"metadata":{"uid":"x"}}`, 422, "metadata.uid"},
		{"a name cannot change", cmaps + "/a", mergePatch, `{"metadata":{"name":"x"}}`, 400, "does not match the name on the URL"},
		{"a namespace cannot change", cmaps + "/a", mergePatch, `{"metadata":{"namespace":"x"}}`, 400, "namespace"},
		{"a kind cannot change", gizmos + "/g", mergePatch, `{"kind":"Other"}`, 422, "must be Gizmo"},
		{"a test that fails refuses", cmaps + "/a", jsonPatch, `[{"op":"test","path":"/data/k","value":"w"}]`, 422, "the server rejected our request"},
		{"a path has to be there", cmaps + "/a", jsonPatch, `[{"op":"remove","path":"/data/no"}]`, 422, "the server rejected our request"},
		{"a JSON patch is a list", cmaps + "/a", jsonPatch, `{}`, 400, "cannot unmarshal"},
		{"a merge patch is an object", cmaps + "/a", mergePatch, `{`, 400, "Invalid JSON"},
		{"a strategic merge patch is an object", cmaps + "/a", strategic, `7`, 400, ""},
		{"a patched object has to fit", cmaps + "/a", mergePatch, `{"data":7}`, 422, "patch: Invalid value"},
		{"no object is left", cmaps + "/a", jsonPatch, `[{"op":"replace","path":"","value":null}]`, 422, ""},
		{"only apply has force", cmaps + "/a?force=true", mergePatch, `{}`, 422, "force"},
		{"force is a boolean", cmaps + "/a?force=very", mergePatch, `{}`, 400, "force"},
	} {
		t.Run(r.rule, func(t *testing.T) {
			script{t, c.s}.patch(r.path, r.media, r.body).refused(r.code, r.words)
		})
	}
	// A patch that asks for what is there changes nothing.
	c.patch(cmaps+"/a", mergePatch, `{"data":{"k":"v"}}`).ok(200)
	c.patch(cmaps+"/a?dryRun=All", mergePatch, `{"data":{"k":"w"}}`).ok(200).has("data/k", "w")
	c.history(cmaps, "A")
	c.history(gizmos, "A")
}
