package conformance

import (
	"net/http"
	"net/url"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// streamCases are about what the production stream makes of a server.
func streamCases() []Case {
	return []Case{
		{Name: "the stream has a snapshot and all changes by one request, in every form", Rules: []int{1, 9, 36, 47}, run: func(p *probe) {
			for resource, k := range map[string]kind.Any{"configmaps": kind.ConfigMap, gizmos: Gizmo} {
				p.make(resource, "a")
				p.make(resource, "b")
				json := k.Resource()
				json.Protobuf = false
				var all []*follower
				for _, r := range []kind.Resource{k.Resource(), kind.Metadata(k).Resource(), json} {
					f := p.follow(p.server.Config, watcher.Target{Resource: r, Namespace: p.namespace})
					f.tells("upsert a", "upsert b", "synced")
					all = append(all, f)
				}
				p.make(resource, "c")
				p.patch(p.in(resource, "a"), mergePatch, `{"metadata":{"labels":{"x":"z"}}}`).is(http.StatusOK)
				p.del(p.in(resource, "b"), "").is(http.StatusOK)
				for _, f := range all {
					f.tells("upsert c")
					f.tells("upsert a")
					f.tells("gone b")
					if asked := f.cable.requests(); len(asked) != 1 {
						p.errorf("the requests were %q", asked)
					}
				}
			}
		}},
		{Name: "the stream resumes after the clean ends of watches, without a list", Rules: []int{22}, run: func(p *probe) {
			p.create("a")
			f := p.follow(p.server.Config, watcher.Target{Resource: kind.ConfigMap.Resource(), Namespace: p.namespace})
			f.tells("upsert a", "synced")
			f.cable.mu.Lock()
			f.cable.timeout = "1"
			f.cable.mu.Unlock()
			f.cable.pull()
			f.cable.plug()
			for len(f.cable.requests()) < 3 {
				p.wait()
			}
			p.create("b")
			f.tells("upsert b")
			for _, query := range f.cable.requests() {
				if q, err := url.ParseQuery(query); err != nil || q.Get("watch") != "true" {
					p.errorf("it asked %q", query)
				}
			}
		}},
		{Name: "the stream resumes where it was cut off, each change once", Rules: []int{23, 30}, run: func(p *probe) {
			p.create("a")
			f := p.followMaps()
			f.tells("upsert a", "synced")
			f.cable.pull()
			p.create("b")
			p.remove("a")
			f.cable.plug()
			f.tells("upsert b")
			f.tells("gone a")
			p.create("c")
			f.tells("upsert c")
		}},
		{Name: "the stream tells what it missed when the history is lost, by key and UID", Rules: []int{17, 18, 19, 20}, needs: []need{history}, run: func(p *probe) {
			for _, name := range []string{"lost", "other", "same", "changed"} {
				p.create(name)
			}
			f := p.followMaps()
			f.tells("upsert changed", "upsert lost", "upsert other", "upsert same", "synced")
			f.cable.pull()
			p.remove("lost")
			p.remove("other")
			p.create("other")
			p.relabel("changed", `"x":"y"`)
			p.create("new")
			p.must(p.server.Forget(p.ctx))
			f.cable.plug()
			f.tells("relist expired", "upsert changed by relist", "gone lost by relist", "gone other by relist", "upsert other by relist",
				"upsert new by relist", "synced")
			p.create("z")
			f.tells("upsert z")
		}},
		{Name: "the stream of a selection tells that an object may have left", Rules: []int{46}, run: func(p *probe) {
			p.create("a", `"app":"x"`)
			p.create("b")
			f := p.follow(p.server.Config, watcher.Target{Resource: kind.ConfigMap.Resource(), Namespace: p.namespace, Labels: "app=x"})
			f.tells("upsert a", "synced")
			p.relabel("b", `"app":"x"`)
			p.relabel("a", `"app":"y"`)
			p.remove("b")
			f.tells("upsert b")
			f.tells("gone a perhaps")
			f.tells("gone b perhaps")
			g := p.follow(p.server.Config, watcher.Target{Resource: kind.ConfigMap.Resource(), Namespace: p.namespace, Fields: "metadata.name=a"})
			g.tells("upsert a", "synced")
			p.remove("a")
			g.tells("gone a")
		}},
		{Name: "the stream says that a selector is wrong", Rules: []int{44}, run: func(p *probe) {
			p.follow(p.server.Config, watcher.Target{Resource: kind.ConfigMap.Resource(), Namespace: p.namespace, Fields: "spec.no=1"}).
				until("blocked " + string(watcher.ReasonInvalid))
		}},
		{
			Name: "the stream says that it may not", Rules: []int{40}, needs: []need{users}, NotShownBy: map[string]string{"fake": noAuthorizer},
			run: func(p *probe) {
				config, err := p.server.User("nobody")
				p.must(err)
				p.follow(config, watcher.Target{Resource: kind.ConfigMap.Resource(), Namespace: p.namespace}).
					until("blocked " + string(watcher.ReasonForbidden))
			},
		},
		{
			Name: "the stream of a resource that goes, and comes again", Rules: []int{41}, needs: []need{definitions},
			run: func(p *probe) {
				k := custom("Returning")
				one := `{"apiVersion":"example.com/v1","kind":"Returning","metadata":{"name":"NAME"}}`
				p.must(p.server.Install(p.ctx, k))
				p.post(p.in("example.com/v1/returnings"), replace(one, "a")).is(http.StatusCreated)
				f := p.follow(p.server.Config, watcher.Target{Resource: k.Resource()})
				f.tells("upsert a", "synced")
				p.must(p.server.Withdraw(p.ctx, k))
				f.until("gone a")
				f.until("blocked " + string(watcher.ReasonNotServed))
				p.must(p.server.Install(p.ctx, k))
				p.later(func() { _ = p.server.Withdraw(p.ctx, k) })
				p.post(p.in("example.com/v1/returnings"), replace(one, "b")).is(http.StatusCreated)
				for told := false; !told; {
					select {
					case line := <-f.lines:
						told = line == "upsert b" || line == "upsert b by relist"
					case <-p.ctx.Done():
						p.fatalf("the new object was not told")
					}
				}
			},
		},
	}
}
