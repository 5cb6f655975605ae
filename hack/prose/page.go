package main

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// longest is the number of words from which a sentence of a page is too long.
const longest = 40

// checkPage checks the words, the sentences and the beginning of a page.
func checkPage(file, text string) []finding {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	prose := blankCode(text)
	decision := path.Base(path.Dir(file)) == "adr"
	switch {
	case decision:
		prose = only(prose, "## Decision")
	case path.Base(file) == "CHANGELOG.md":
		prose = only(prose, "## [Unreleased]")
	}
	out := inText(prose, 1)
	if !decision {
		out = append(out, sentences(prose)...)
	}
	return append(out, beginning(text)...)
}

var (
	fence   = regexp.MustCompile("(?s)(?:^|\n) *```.*?\n *```")
	span    = regexp.MustCompile("`[^`\n]*\n?[^`\n]*`")
	written = regexp.MustCompile(`(?s)<!-- (?:begin of )?[a-z ]+ -->\n.*?<!-- end of [a-z ]+ -->`) // by a program
	comment = regexp.MustCompile(`(?s)<!--.*?-->`)
	address = regexp.MustCompile(`\]\([^)\s]*\)|<https?://[^>]*>|https?://\S+`)
	notLine = regexp.MustCompile(`[^\n]`)
)

// blankCode replaces what is not prose by blanks, and inline code by a word, and leaves line numbers as they are.
func blankCode(text string) string {
	blank := func(s string) string { return notLine.ReplaceAllString(s, " ") }
	text = fence.ReplaceAllStringFunc(text, blank)
	text = written.ReplaceAllStringFunc(text, blank)
	text = comment.ReplaceAllStringFunc(text, blank)
	text = span.ReplaceAllStringFunc(text, func(s string) string { return notLine.ReplaceAllString(s, "c") })
	text = address.ReplaceAllStringFunc(text, func(s string) string { return "]" + blank(s[1:]) })
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "    ") && (i == 0 || strings.TrimSpace(lines[i-1]) == "" || strings.HasPrefix(lines[i-1], "    ")) && !inList(lines[:i]) {
			lines[i] = blank(line)
		}
	}
	return strings.Join(lines, "\n")
}

// notProse matches the first line of what is no paragraph: a heading, a table, a list, code, a quotation, an image.
var notProse = regexp.MustCompile("^(?:#|\\||```|<|>|!|[-*] )")

var item = regexp.MustCompile(`^ *(?:[-*]|\d+\.) `)

// inList reports whether the last line that begins at the margin is an item of a list.
func inList(before []string) bool {
	for _, line := range slices.Backward(before) {
		if line != "" && line[0] != ' ' {
			return item.MatchString(line)
		}
	}
	return false
}

// only keeps the title of a page and one of its sections.
func only(text, heading string) string {
	var out []string
	in := false
	for i, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "## ") {
			in = line == heading
		}
		if i > 0 && !in {
			line = ""
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

var ends = regexp.MustCompile(`[.!?:]["')*]*(?:\s|$)`)

// sentences finds those that are too long.
func sentences(text string) []finding {
	var out []finding
	for _, p := range paragraphs(text) {
		rest, line := p.text, p.line
		for rest != "" {
			end := len(rest)
			if at := ends.FindStringIndex(rest); at != nil {
				end = at[1]
			}
			sentence := strings.TrimLeft(rest[:end], " \n")
			if n := len(strings.Fields(sentence)); n > longest {
				at := line + strings.Count(rest[:end-len(sentence)], "\n")
				out = append(out, finding{line: at, text: fmt.Sprintf("a sentence of %d words: split it", n)})
			}
			line += strings.Count(rest[:end], "\n")
			rest = rest[end:]
		}
	}
	return out
}

type paragraph struct {
	line int
	text string
}

// paragraphs splits a page at empty lines, headings, list items and cells of tables.
func paragraphs(text string) []paragraph {
	var out []paragraph
	open := false
	for i, line := range strings.Split(text, "\n") {
		switch {
		case strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#"):
			open = false
		case strings.HasPrefix(line, "|"):
			open = false
			for cell := range strings.SplitSeq(line, "|") {
				out = append(out, paragraph{i + 1, cell})
			}
		case open && !item.MatchString(line):
			out[len(out)-1].text += "\n" + line
		default:
			out = append(out, paragraph{i + 1, line})
			open = true
		}
	}
	return out
}

// beginning checks that a page starts with a heading and a sentence.
func beginning(text string) []finding {
	lines := strings.Split(text, "\n")
	if !strings.HasPrefix(lines[0], "# ") {
		return []finding{{line: 1, text: "the page does not begin with a heading"}}
	}
	for i, line := range lines[1:] {
		switch {
		case strings.TrimSpace(line) == "":
			continue
		case notProse.MatchString(line):
			return []finding{{line: i + 2, text: "the page does not begin with a sentence that says what it is for"}}
		}
		return nil
	}
	return []finding{{line: 1, text: "the page is empty"}}
}
