package conformance

import "slices"

// Case is one behaviour of a server.
type Case struct {
	// Name says the behaviour in a sentence. It is unique.
	Name string
	// Rules are the numbers of the protocol's rules that the behaviour belongs to; none: a further promise of
	// the API.
	Rules []int
	// NotShownBy names the rigs whose servers do not behave so, each with the reason.
	NotShownBy map[string]string

	needs []need
	run   func(*probe)
}

// need is something beside requests that a case does to a server.
type need string

const (
	history     need = "Forget"
	definitions need = "Install and Withdraw"
	users       need = "User"
)

// Cases are all cases, in the order of the table: by what they are about.
func Cases() []Case {
	return slices.Concat(
		startCases(), beginCases(), bookmarkCases(), pageCases(), pageStateCases(), versionCases(), expiryCases(), resumeCases(), selectorCases(), statusCases(),
		servingCases(), mediaCases(), metadataCases(), metadataListCases(), discoveryCases(), createCases(), updateCases(), patchCases(), applyCases(),
		deleteCases(), finalizerCases(), leaseCases(), namespaceCases(), streamCases(), beyondCases(),
	)
}

// alone tells whether others would notice that the case runs.
func (c Case) alone() bool { return slices.Contains(c.needs, history) }

// lacks is the first need of the case that a server does not meet; empty: none.
func (c Case) lacks(s Server) need {
	for _, n := range c.needs {
		if n == history && s.Forget == nil || n == definitions && (s.Install == nil || s.Withdraw == nil) || n == users && s.User == nil {
			return n
		}
	}
	return ""
}
