package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// options are what the environment asks for, as make passes it on.
type options struct {
	objects int      // how many Pods, and how many custom resources
	rounds  int      // how often each contender does each scenario
	only    []string // names of scenarios; empty: all
	quick   bool
	profile bool // profiles of Ancho's CPU time and heap are written
	docs    bool // the results are written into the documentation
}

// Objects and rounds, unless told otherwise.
const (
	fullObjects, fullRounds   = 20_000, 3
	quickObjects, quickRounds = 2_000, 1
)

func parseOptions(getenv func(string) string) (options, error) {
	o := options{
		objects: fullObjects, rounds: fullRounds,
		quick: set(getenv("QUICK")), profile: set(getenv("PROFILE")), docs: set(getenv("DOCS")),
	}
	if o.quick {
		o.objects, o.rounds = quickObjects, quickRounds
	}
	var err error
	if o.objects, err = positive(getenv, "OBJECTS", o.objects); err != nil {
		return o, err
	}
	if o.rounds, err = positive(getenv, "ROUNDS", o.rounds); err != nil {
		return o, err
	}
	// Every namespace has as many, and one in a hundred is kept.
	if o.objects%100 != 0 {
		return o, fmt.Errorf("OBJECTS=%d: take a multiple of 100", o.objects)
	}
	for name := range strings.SplitSeq(getenv("ONLY"), ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if !slices.Contains(scenarioNames(), name) {
			return o, fmt.Errorf("ONLY=%s: there is no scenario of that name; there are %s", name, strings.Join(scenarioNames(), ", "))
		}
		o.only = append(o.only, name)
	}
	return o, nil
}

// wants tells whether a scenario is to be run.
func (o options) wants(scenario string) bool {
	return len(o.only) == 0 || slices.Contains(o.only, scenario)
}

func set(v string) bool { return v != "" && v != "0" }

func positive(getenv func(string) string, name string, otherwise int) (int, error) {
	text := getenv(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s=%s: take a whole number from 1", name, text)
	}
	return n, nil
}
