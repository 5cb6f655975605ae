package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// entry is one line of the program's log: --log-format json, one object a line.
type entry struct {
	level, msg                         string
	capability, binding, object, event string
	err                                string
	values                             []value // the rest, in the order of the line
	raw                                string
}

// value is one key of a log line with what it has to say: the text of a string, the JSON of all else.
type value struct {
	key, text string
	quoted    bool // a string
}

// parseEntry reads one line. Its keys are read one by one, so that they keep their order.
func parseEntry(line string) (entry, error) {
	e := entry{raw: line}
	dec := json.NewDecoder(strings.NewReader(line))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return e, fmt.Errorf("not a JSON object: %w", errors.Join(err, errors.New("the log has another format")))
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return e, fmt.Errorf("key of a log line: %w", err)
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return e, fmt.Errorf("value of %v: %w", key, err)
		}
		e.set(fmt.Sprint(key), raw)
	}
	if _, err := dec.Token(); err != nil {
		return e, fmt.Errorf("the log line ends too early: %w", err)
	}
	return e, nil
}

func (e *entry) set(key string, raw json.RawMessage) {
	text, quoted := string(raw), false
	var s string
	if json.Unmarshal(raw, &s) == nil {
		text, quoted = s, true
	}
	switch key {
	case "ts", "stacktrace":
	case "level":
		e.level = text
	case "msg":
		e.msg = text
	case "capability":
		e.capability = text
	case "binding":
		e.binding = text
	case "object":
		e.object = text
	case "event":
		e.event = text
	case "error":
		e.err = text
	default:
		e.values = append(e.values, value{key, text, quoted})
	}
}

// who logged the line: a capability, or the program itself.
func (e *entry) who() string {
	if e.capability == "" {
		return "program"
	}
	return e.capability
}

// text is the message with its values.
func (e *entry) text() string {
	var b strings.Builder
	b.WriteString(e.msg)
	for _, v := range e.values {
		text := v.text
		if v.quoted {
			text = strconv.Quote(text)
		}
		b.WriteString(" " + v.key + "=" + text)
	}
	if e.err != "" {
		b.WriteString(": " + e.err)
	}
	return b.String()
}

// about says which event of which object the line is about, and which binding was called.
func (e *entry) about() string {
	if e.event == "" {
		return ""
	}
	return "  (" + e.event + " " + e.object + ", " + e.capability + "/" + e.binding + ")"
}

// value returns what the line says of a key.
func (e *entry) value(key string) string {
	for _, v := range e.values {
		if v.key == key {
			return v.text
		}
	}
	return ""
}
