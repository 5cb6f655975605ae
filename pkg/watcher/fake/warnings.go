package fake

import (
	"net/http"

	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// deprecated is what the use of a built-in resource is warned of.
var deprecated = map[string]string{
	"endpoints": "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
}

// warn has a text sent with the answer (rule 45).
func (r *request) warn(text string) { r.warnings = append(r.warnings, text) }

// tellWarnings puts the warnings into the header of the answer. What cannot be written there is left out.
func (r *request) tellWarnings(h http.Header) {
	for _, text := range r.warnings {
		if value, err := utilnet.NewWarningHeader(299, "-", text); err == nil {
			h.Add("Warning", value)
		}
	}
	r.warnings = nil
}
