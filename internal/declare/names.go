package declare

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/validate/content"
	"k8s.io/apimachinery/pkg/api/validation"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// The fields that metadata shows: they compile to what WithName and InNamespace compile to.
const (
	FieldName      = "metadata.name"
	FieldNamespace = "metadata.namespace"
)

// NamespaceProblem says what is wrong with the name of a namespace, or nothing.
func NamespaceProblem(name string) string {
	return strings.Join(validation.ValidateNamespaceName(name, false), "; ")
}

// NameProblem says why no object of any kind has this name. Kinds differ: the names of roles, for one,
// may hold colons and capitals.
func NameProblem(name string) string {
	if name == "" {
		return "it is empty"
	}
	if len(name) > utilvalidation.DNS1123SubdomainMaxLength {
		return utilvalidation.MaxLenError(utilvalidation.DNS1123SubdomainMaxLength)
	}
	return strings.Join(content.IsPathSegmentName(name), "; ")
}

// subdomainGroups are the API groups all of whose kinds have DNS subdomains as names.
var subdomainGroups = map[string]bool{"": true, "apps": true, "batch": true}

// KindNameProblem says why no object of this kind has this name.
func KindNameProblem(r kind.Resource, name string) string {
	if !subdomainGroups[r.Group] {
		return ""
	}
	return strings.Join(validation.NameIsDNSSubdomain(name, false), "; ")
}

// PathProblem says what is wrong with the path of a field selector.
func PathProblem(p string) string {
	switch {
	case p == "":
		return "the path is empty"
	case strings.HasPrefix(p, "."):
		return "the path begins with a dot"
	case strings.ContainsAny(p, "=!,\\ \t\r\n"):
		return fmt.Sprintf("the path holds a character that a field selector cannot have in it (one of %q)", "=!,\\ ")
	}
	return ""
}

// LabelProblem checks a name that becomes part of metrics, logs and flags.
func LabelProblem(name string) string {
	return strings.Join(utilvalidation.IsDNS1123Label(name), "; ")
}
