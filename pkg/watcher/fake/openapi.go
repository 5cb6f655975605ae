package fake

import (
	"net/http"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apitypes "k8s.io/apimachinery/pkg/types"
)

// The documents of OpenAPI (KEP-2896) say as much as a client needs to know how to write: which kinds can be patched, how,
// and that the server checks for unknown fields itself (KEP-2885), so that kubectl need not. There are no schemas in
// them, and for that reason no strategic merge patch either: a client would make one by the schema. kubectl makes it by
// its own types instead.

// emptyOpenAPI is a document of version 2 that says nothing but its version, in protobuf, as kubectl reads it: it looks
// here for what it does not find in version 3, and takes a server that has none for broken.
const (
	emptyOpenAPI  = "\x0a\x032.0"
	openAPIV2Type = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
)

// openAPIDocument is a spec3.OpenAPI, as far as it is filled.
type openAPIDocument struct {
	OpenAPI    string                    `json:"openapi"`
	Info       map[string]string         `json:"info"`
	Paths      map[string]openAPIPath    `json:"paths"`
	Components map[string]map[string]any `json:"components"`
}

type openAPIPath struct {
	Patch openAPIOperation `json:"patch"`
}

type openAPIOperation struct {
	Parameters  []openAPIParameter      `json:"parameters"`
	RequestBody openAPIBody             `json:"requestBody"`
	Responses   map[string]any          `json:"responses"`
	Action      string                  `json:"x-kubernetes-action"`
	Kind        metav1.GroupVersionKind `json:"x-kubernetes-group-version-kind"`
}

type openAPIParameter struct {
	Name   string            `json:"name"`
	In     string            `json:"in"`
	Schema map[string]string `json:"schema"`
}

type openAPIBody struct {
	Content map[string]struct{} `json:"content"`
}

// openAPI is the document at a path behind /openapi/v3; nil if there is none.
func openAPI(resources []servedResource, path []string) any {
	if len(path) == 0 {
		return openAPIIndex(resources)
	}
	doc := openAPIDocument{
		OpenAPI: "3.0.0", Paths: map[string]openAPIPath{}, Components: map[string]map[string]any{"schemas": {}},
		Info: map[string]string{"title": "Kubernetes", "version": serverVersion.GitVersion},
	}
	for _, r := range resources {
		if slices.Equal(path, versionPath(r)) {
			doc.Paths[objectPath(r)] = openAPIPath{Patch: patchOperation(r)}
		}
	}
	if len(doc.Paths) == 0 {
		return nil
	}
	return doc
}

// openAPIIndex says where the document of each version is.
func openAPIIndex(resources []servedResource) any {
	type place struct {
		URL string `json:"serverRelativeURL"`
	}
	paths := map[string]place{}
	for _, r := range resources {
		path := strings.Join(versionPath(r), "/")
		paths[path] = place{"/openapi/v3/" + path}
	}
	return map[string]any{"paths": paths}
}

func patchOperation(r servedResource) openAPIOperation {
	op := openAPIOperation{
		Parameters:  []openAPIParameter{{Name: "fieldValidation", In: "query", Schema: map[string]string{"type": "string"}}},
		RequestBody: openAPIBody{map[string]struct{}{}},
		Responses:   map[string]any{},
		Action:      strings.ToLower(http.MethodPatch),
		Kind:        metav1.GroupVersionKind{Group: r.Group, Version: r.Version, Kind: r.Kind},
	}
	for _, media := range []apitypes.PatchType{apitypes.JSONPatchType, apitypes.MergePatchType, apitypes.ApplyYAMLPatchType} {
		op.RequestBody.Content[string(media)] = struct{}{}
	}
	return op
}

// versionPath are the parts of the path that a resource's version has.
func versionPath(r servedResource) []string {
	if r.Group == "" {
		return []string{"api", r.Version}
	}
	return []string{"apis", r.Group, r.Version}
}

// objectPath is the path of one object, with its variables.
func objectPath(r servedResource) string {
	path := "/" + strings.Join(versionPath(r), "/")
	if r.Namespaced {
		path += "/namespaces/{namespace}"
	}
	return path + "/" + r.Plural + "/{name}"
}
