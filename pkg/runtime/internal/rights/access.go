package rights

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	random "math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	authorizationclient "k8s.io/client-go/kubernetes/typed/authorization/v1"
	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/internal/advice"
	"github.com/ancho-dev/ancho/internal/plaintext"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/live"
)

const (
	// reviewTimeout bounds one inquiry to the server.
	reviewTimeout = 10 * time.Second
	// reviewsAtOnce is how many are asked at a time.
	reviewsAtOnce = 4
	// accessEvery is how often a standby asks again, give or take a tenth.
	accessEvery = 5 * time.Minute
	// accessSoon is how soon it asks again where somebody wants to know now.
	accessSoon = 30 * time.Second
	// accessLines is how many missing rights /readyz names.
	accessLines = 20
)

// errMissingRights is about a standby whose account may not do what the program will have to do.
var errMissingRights = errors.New("permissions are missing")

// Verdict is what a check found.
type Verdict string

// What a check may find.
const (
	OK      Verdict = "ok"
	Missing Verdict = "missing"
	Unknown Verdict = "unknown" // it cannot be checked
)

// Finding is what a check found of one thing.
type Finding struct {
	Verdict Verdict `json:"verdict"`
	What    string  `json:"what"`             // "list, watch configmaps in namespace demo"
	Detail  string  `json:"detail,omitempty"` // what is wrong and what to do
}

// inquiry is what is asked about one subject.
type inquiry struct {
	subject
	verbs []string
	who   []string // bindings
}

// Access asks the API server whether the program's account has the rights that its streams, existence checks and finalizers need
// (SelfSubjectAccessReview). It stores nothing on the server.
type Access struct {
	reviews   authorizationclient.SelfSubjectAccessReviewInterface
	closeIdle func()
	Inquiries []inquiry
	log       logr.Logger
	rand      func() float64
	wanted    chan struct{} // somebody wants to know now

	mu     sync.Mutex
	found  []Finding // by the last check
	asked  time.Time // when that ended; zero: there was none
	logged string
}

// NewAccess returns a check of what is needed. rand varies its delays; nil is the default. It asks nothing by itself.
func NewAccess(cfg *rest.Config, needs []Need, log logr.Logger, rand func() float64) (*Access, error) {
	if rand == nil {
		rand = random.Float64
	}
	own := rest.CopyConfig(cfg)
	own.QPS, own.RateLimiter = -1, nil
	own.ContentType, own.AcceptContentTypes = "application/json", "" // few and small
	h, err := rest.HTTPClientFor(own)
	if err != nil {
		return nil, fmt.Errorf("make the client for access reviews: %w", err)
	}
	c, err := authorizationclient.NewForConfigAndClient(own, h)
	if err != nil {
		return nil, fmt.Errorf("make the client for access reviews: %w", err)
	}
	return &Access{
		reviews: c.SelfSubjectAccessReviews(), closeIdle: func() { live.CloseIdle(h) },
		Inquiries: inquiriesFor(needs), log: log, rand: rand, wanted: make(chan struct{}, 1),
	}, nil
}

// inquiriesFor are those about what cannot be done without, each verb once: a right that a wider one includes is not asked for.
func inquiriesFor(needs []Need) (out []inquiry) {
	asked := grants{}
	for _, n := range needs {
		for _, v := range n.Verbs {
			if !n.spare {
				asked.add(n.subject, v, n.who)
			}
		}
	}
	for s, verbs := range asked {
		q := inquiry{subject: s}
		who := map[string]bool{}
		for _, v := range verbOrder {
			if verbs[v] != nil && asked.home(s, v) == s {
				q.verbs = append(q.verbs, v)
				maps.Copy(who, verbs[v])
			}
		}
		if len(q.verbs) > 0 {
			q.who = slices.Sorted(maps.Keys(who))
			out = append(out, q)
		}
	}
	slices.SortFunc(out, func(a, b inquiry) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// String names a subject for people.
func (s subject) String() string {
	text := s.Resource
	if s.Group != "" {
		text += "." + s.Group
	}
	if s.Name != "" {
		text += " " + s.Name
	}
	if s.Namespace == "" {
		return text + " in the whole cluster"
	}
	return text + " in namespace " + s.Namespace
}

// Check asks all inquiries, and calls progress, which may be nil, after each. After an error that is no answer it asks no more: the
// next one would not be answered either.
func (a *Access) Check(ctx context.Context, progress func()) []Finding {
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	defer a.closeIdle()
	found := make([]Finding, len(a.Inquiries))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(reviewsAtOnce, len(a.Inquiries)) {
		workers.Go(func() {
			for i := range next {
				f, err := a.ask(ctx, a.Inquiries[i])
				if err != nil {
					giveUp(err) // the first one counts
				}
				found[i] = f
				if progress != nil {
					progress()
				}
			}
		})
	}
	for i := range a.Inquiries {
		next <- i
	}
	close(next)
	workers.Wait()
	return found
}

// ask asks about each verb on one subject.
func (a *Access) ask(ctx context.Context, q inquiry) (Finding, error) {
	var missing []string
	reason := ""
	for _, verb := range q.verbs {
		allowed, why, err := a.allowed(ctx, q.subject, verb)
		if err != nil {
			if cause := context.Cause(ctx); cause != nil {
				err = cause
			}
			f := Finding{Verdict: Unknown, What: q.what(q.verbs), Detail: CannotCheck(err)}
			return f, err
		}
		if !allowed {
			missing, reason = append(missing, verb), cmp.Or(reason, why)
		}
	}
	if len(missing) == 0 {
		return Finding{Verdict: OK, What: q.what(q.verbs)}, nil
	}
	detail := "needed by " + strings.Join(q.who, ", ")
	if reason != "" {
		detail += "; the server says: " + reason
	}
	return Finding{Verdict: Missing, What: q.what(missing), Detail: detail + "; --rbac prints the roles"}, nil
}

// CannotCheck says why there is no verdict, and what to do where that is known.
func CannotCheck(err error) string {
	if todo := advice.For(err); todo != "" {
		return "cannot check: " + todo + ": " + plaintext.Bound(err.Error())
	}
	return "cannot check: " + plaintext.Bound(err.Error())
}

func (q inquiry) what(verbs []string) string { return strings.Join(verbs, ", ") + " " + q.String() }

// allowed makes one review. It asks as the authorizer sees the stream's own request.
func (a *Access) allowed(ctx context.Context, s subject, verb string) (allowed bool, why string, err error) {
	if ctx.Err() != nil {
		return false, "", ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, reviewTimeout)
	defer cancel()
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: s.Namespace, Verb: verb, Group: s.Group, Version: "*", Resource: s.Resource, Name: s.Name,
		},
	}}
	review, err = a.reviews.Create(ctx, review, metav1.CreateOptions{})
	if err != nil {
		return false, "", err
	}
	if !review.Status.Allowed && review.Status.EvaluationError != "" {
		return false, "", fmt.Errorf("the server could not decide: %s", plaintext.Bound(review.Status.EvaluationError))
	}
	return review.Status.Allowed, plaintext.Bound(review.Status.Reason), nil
}

// Run checks for a standby until ctx ends: after a moment, in which it may become the leader, then every few minutes, and when
// somebody wants to know now.
func (a *Access) Run(ctx context.Context, moment time.Duration) {
	t := time.NewTimer(moment)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		case <-a.wanted:
		}
		found := a.Check(ctx, nil)
		if ctx.Err() != nil {
			return
		}
		a.keep(found)
		select {
		case <-a.wanted: // meanwhile
		default:
		}
		t.Reset(time.Duration((0.9 + 0.2*a.rand()) * float64(accessEvery)))
	}
}

// keep notes what was found, and logs it if that differs from the last time.
func (a *Access) keep(found []Finding) {
	var missing, unknown []string
	for _, f := range found {
		switch f.Verdict {
		case Missing:
			missing = append(missing, f.What)
		case Unknown:
			unknown = append(unknown, f.Detail)
		default:
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.found, a.asked = found, time.Now()
	said := strings.Join(missing, "; ")
	if len(unknown) > 0 {
		said = "unknown " + said
	}
	if said == a.logged {
		return
	}
	was := a.logged
	a.logged = said
	switch {
	case len(missing) > 0:
		a.log.Error(errMissingRights, "this standby could not do its work as the leader: grant what is missing, --rbac prints the roles",
			"missing", missing[:min(len(missing), accessLines)], "count", len(missing))
	case len(unknown) > 0:
		a.log.Info("this standby cannot check its permissions", "error", unknown[0])
	case was != "":
		a.log.Info("this standby has all permissions that it needs")
	}
}

// Say writes what a standby lacks, and reports whether that is no reason to fail: by default it is none, with strict it is.
func (a *Access) Say(say func(verdict, what, detail string), strict bool) bool {
	a.mu.Lock()
	found, asked := a.found, a.asked
	a.mu.Unlock()
	if strict && (asked.IsZero() || time.Since(asked) >= accessSoon) {
		select {
		case a.wanted <- struct{}{}:
		default:
		}
	}
	if asked.IsZero() {
		if strict {
			say("wait", "permissions", "not checked yet")
		}
		return !strict
	}
	word := "warn"
	if strict {
		word = "fail"
	}
	missing := 0
	for _, f := range found {
		switch f.Verdict {
		case Unknown:
			say("warn", "permissions", f.Detail)
			return true // all the others are unknown, too
		case Missing:
			if missing++; missing <= accessLines {
				say(word, "permissions", "missing: "+f.What+", "+f.Detail)
			}
		default:
		}
	}
	if missing > accessLines {
		say(word, "permissions", fmt.Sprintf("and %d more are missing", missing-accessLines))
	}
	return missing == 0 || !strict
}
