package conformance

import (
	"net/http"
	"strings"

	"k8s.io/client-go/rest"
)

const (
	noAuthorizer    = "it lets everybody do everything"
	noAuthenticator = "it asks nobody who they are"
)

// statusCases are about refusals.
func statusCases() []Case {
	return []Case{
		{
			Name: "who may not is told 403, for a list, a watch and a write", Rules: []int{40}, needs: []need{users},
			NotShownBy: map[string]string{"fake": noAuthorizer},
			run: func(p *probe) {
				config, err := p.server.User("nobody")
				p.must(err)
				p.as(config, func() {
					for _, query := range []string{"", "?watch=true", "?watch=true" + watchList} {
						st := p.get(p.in("configmaps")+query).refused(403, "Forbidden")
						if st.Details == nil || st.Details.Kind != "configmaps" || !strings.Contains(st.Message, "nobody") {
							p.errorf("%+v", st)
						}
					}
					p.post(p.in("configmaps"), configMap("a", "", "")).refused(403, "Forbidden")
				})
			},
		},
		{
			Name: "who shows a token that nobody gave is told 401", Rules: []int{39},
			NotShownBy: map[string]string{"fake": noAuthenticator},
			run: func(p *probe) {
				config := rest.AnonymousClientConfig(p.server.Config)
				config.Transport = p.server.Config.Transport // the way to a server in this process
				config.BearerToken = "nobody gave this"
				p.as(config, func() {
					p.get(p.in("configmaps")).refused(401, "Unauthorized")
					p.get(p.in("configmaps")+"?watch=true").refused(401, "Unauthorized")
				})
			},
		},
		{Name: "an object that is not there is a 404 with its name", run: func(p *probe) {
			for _, path := range []string{p.in("configmaps", "a"), p.in(gizmos, "a")} {
				st := p.get(path).refused(404, "NotFound")
				if st.Details == nil || st.Details.Name != "a" || st.Details.Kind == "" {
					p.errorf("the details are %+v", st.Details)
				}
			}
			p.get("/api/v1/namespaces/no-such-namespace/configmaps/a").refused(404, "NotFound")
			if got := p.names("/api/v1/namespaces/no-such-namespace/configmaps"); got != "[]" {
				p.errorf("a namespace that is not there holds %s", got)
			}
		}},
		{Name: "a method that a resource does not have is a 405", Rules: []int{42}, run: func(p *probe) {
			p.put(p.in("configmaps"), configMap("a", "", "")).refused(405, "MethodNotAllowed")
			p.post(p.in("configmaps", "a"), configMap("a", "", "")).refused(405, "MethodNotAllowed")
			p.del("/api/v1/namespaces", "").refused(405, "MethodNotAllowed")
			p.del("/api/v1/configmaps", "").refused(405, "MethodNotAllowed")
		}},
		{
			Name: "a resource that can only be asked is not listed or watched: 405", Rules: []int{42},
			NotShownBy: map[string]string{"fake": "it serves what can be watched, and nothing else"},
			run: func(p *probe) {
				const reviews = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
				p.get(reviews+"?watch=true").refused(405, "MethodNotAllowed")
				p.get(reviews).refused(405, "MethodNotAllowed")
			},
		},
		{Name: "use of what is deprecated is warned of with code 299", Rules: []int{45}, run: func(p *probe) {
			headers := []http.Header{p.get(p.in("endpoints")).is(http.StatusOK).header, p.watch(p.in("endpoints"), watchList).resp.Header}
			for _, h := range headers {
				if w := h.Get("Warning"); w != `299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"` {
					p.errorf("the warning is %q", w)
				}
			}
			p.get(p.in("configmaps")).is(http.StatusOK).head("Warning", "")
		}},
		{Name: "a field that the kind does not have is dropped with a warning, refused where that is asked for", Rules: []int{45}, run: func(p *probe) {
			body := configMap("a", "", `,"nothing":1`)
			a := p.post(p.in("configmaps"), body).is(http.StatusCreated).head("Warning", `299 - "unknown field \"nothing\""`)
			a.has("nothing", "<nil>")
			p.post(p.in("configmaps")+"?fieldValidation=Ignore", configMap("b", "", `,"nothing":1`)).is(http.StatusCreated).head("Warning", "")
			p.post(p.in("configmaps")+"?fieldValidation=Strict", configMap("c", "", `,"nothing":1`)).refused(400, "BadRequest")
			p.patch(p.in("configmaps", "a"), mergePatch, `{"nothing":1}`).is(http.StatusOK).head("Warning", `299 - "unknown field \"nothing\""`)
			p.patch(p.in("configmaps", "a"), strategic, `{"nothing":1}`).is(http.StatusOK).head("Warning", `299 - "unknown field \"nothing\""`)
			p.patch(p.in("configmaps", "a")+"?fieldValidation=Strict", mergePatch, `{"nothing":1}`).refused(422, "Invalid")
			p.post(p.in("configmaps")+"?fieldValidation=Some", configMap("c", "", "")).refused(422, "Invalid")
		}},
	}
}
