package main

import (
	"regexp"
	"strings"
)

// rule is a word that has a better one.
type rule struct {
	pattern *regexp.Regexp
	advice  string
	// except matches a finding with up to 30 characters after it, where the word is right.
	except *regexp.Regexp
}

// word makes a rule. A blank in the pattern also matches a line break.
func word(pattern, advice string, except ...string) rule {
	r := rule{pattern: regexp.MustCompile(`(?i)\b(?:` + strings.ReplaceAll(pattern, " ", `\s+`) + `)\b`), advice: advice}
	if len(except) > 0 {
		r.except = regexp.MustCompile(`(?i)^(?:` + strings.ReplaceAll(except[0], " ", `\s+`) + `)\b`)
	}
	return r
}

// rules is the list of words to replace.
func rules() []rule {
	const deleted = `write "deleted objects", "objects that left the selection", or the verb`
	return []rule{
		word(`nobody|anybody|no one`, `say which component does or does not`),
		word(`anew|once more`, `write "again", "re-reads" or "re-creates"`),
		word(`beside`, `write "next to", "in addition to" or "alongside"`),
		word(`tells?|telling|told`, `write "reports", "delivers", "sends" or "logs"`, `tells? \w+(?: \w+)? apart`),
		word(`(?:what|who|which|those|it|they|that|object|objects|one) (?:is|are|was|were) gone|what (?:went|has gone|left|has left)|(?:is|are) gone and`, deleted,
			`it was gone`),
		word(`(?:puts?|putting) (?:\w+ )?right|(?:made|makes?|making) up for|mend(?:s|ed|ing)?`, `write "reverts", "recovers", "repairs" or "fixes"`),
		word(`(?:an?|the|its|these|those|all|some|of|more|no|many|such|live|each|every) looks?`, `write "existence check"`, `(?:all|that|these|those) looks? (?:at|like|for|up)`),
		word(`undecided`, `write "pending deletion"`, `undecided is`),
		word(`(?:brings?|bringing|brought) (?:\w+ ){0,2}(?:along|in)`, `write "embeds", "includes" or "loads"`, `.{1,30} in (?:line|step)`),
		word(`(?:puts?|putting|takes?|taking|taken) (?:\w+ ){0,3}(?:on|off) (?:the|a) finalizer|(?:puts?|putting) (?:a|the|its|this) finalizers? (?:\w+ )?on|(?:takes?|taking|taken) (?:(?:a|the|its|this) )?finalizers? off`,
			`write "add" or "remove"`),
		word(`(?:is|are|was|were) over`, `write "expires" or "ends"`, `(?:is|are|was|were) over (?:the|a|an|its|their|all|\d+|that|budget|HTTP)`),
		word(`has an end|have an end|had an end`, `write "ends"`),
		word(`as far as \w+(?: \w+)? (?:can|could) (?:tell|say|see|know)`, `state the guarantee`),
		word(`those (?:that|who|which|of)|what (?:waits|there is|is there|is left|is to come|runs|differs)|who (?:reads|asks|calls|waits|writes)`, `name the noun`),
		word(`(?:is|are|was|were|be|been|being) (?:then )?tried again|(?:tries|try|trying) (?:it |them )?again`, `write "retries" or "Ancho retries"`),
		word(`for ever`, `write "forever" or "without limit"`),
		word(`clean-ups?`, `write "cleanup"`),
		word(`rid(?:es?|ers?|ing)`, `write "shares the stream" or "binding on a shared stream"`),
		word(`by itself alone|of its own accord`, `write "on its own"`),
		word(`heeds?`, `write "respects" or "follows"`),
		word(`all the same`, `write "still" or "anyway"`),
		word(`what is the matter`, `write "what is wrong"`),
		word(`in its turn|in their turn`, `leave it out`),
		word(`peers`, `write "other frameworks"`),
	}
}

// inText finds words to replace in a text from which code was blanked; line is that of its first byte.
func inText(text string, line int) []finding {
	var out []finding
	for _, r := range rules() {
		for _, at := range r.pattern.FindAllStringIndex(text, -1) {
			if r.except != nil && r.except.MatchString(text[at[0]:min(len(text), at[1]+30)]) {
				continue
			}
			said := strings.Join(strings.Fields(text[at[0]:at[1]]), " ")
			out = append(out, finding{
				line: line + strings.Count(text[:at[0]], "\n"),
				text: `"` + said + `": ` + r.advice,
			})
		}
	}
	return out
}
