# Everything that is done to this project; `make` alone says what there is.
# It needs Go and git. Binaries that it builds are kept in bin/ and
# hack/controlplane/bin, and built again only when what they are pinned to changes.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

# Nested modules: what the tools, the control plane and tests of whole programs
# depend on stays out of the module graph of those who import the library. The
# modules in TESTS hold tests of the library itself, which run as its own do.
TESTS := test
NESTED := hack/bench hack/compare hack/controlplane hack/tools $(TESTS)

# Binaries are not stamped with the commit: git may refuse to tell (a checkout
# of another user's), and nobody asks.
export GOFLAGS := $(filter-out -buildvcs%,$(shell go env GOFLAGS)) -buildvcs=false

# The race detector needs cgo, which the go command turns off where there is no
# C compiler.
RACE := $(if $(filter 1,$(shell go env CGO_ENABLED)),-race)
ifeq ($(RACE),)
RACE_NOTE := @echo "== the race detector is OFF: it needs a C compiler (gcc or clang)"
endif

BUILD := go run ./hack/build

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##### What is built

.PHONY: controlplane
controlplane: ## build etcd, kube-apiserver and kubectl (minutes, once); KUBEBUILDER_ASSETS wins where set
	@$(BUILD) controlplane

.PHONY: tools
tools: ## build the pinned tools: golangci-lint, govulncheck, benchstat, controller-gen
	@$(BUILD) tools

# What generators write: Go code, and the definitions of custom kinds.
GENERATED := '*zz_generated*' 'examples/*/crd/*.yaml'

.PHONY: generate
generate: tools ## write generated code again
	go generate ./...

##### What is checked

.PHONY: test
test: lint verify-generated vuln unit nested e2e ## run everything that a change has to pass

.PHONY: lint
lint: tools ## linter, formatting, vet, go.mod files, import layers, prose
	@echo "== golangci-lint"
	@bin/golangci-lint run --allow-serial-runners ./...
	@for m in $(NESTED); do \
		if [ -n "$$(go -C $$m list ./... 2>/dev/null)" ]; then \
			echo "== golangci-lint of $$m"; \
			(cd $$m && $(CURDIR)/bin/golangci-lint run --allow-serial-runners ./...) || exit 1; \
		fi; \
	done
	@echo "== gofmt"
	@bad=$$(git ls-files -z --cached --others --exclude-standard -- '*.go' | xargs -0 gofmt -l) && \
		if [ -n "$$bad" ]; then echo "not formatted:"; echo "$$bad"; exit 1; fi
	@echo "== go vet"
	@for m in . $(TESTS); do go -C $$m vet ./... && go -C $$m vet -tags e2e ./... || exit 1; done
	@echo "== go mod tidy"
	@for m in . $(NESTED); do go -C $$m mod tidy -diff || { echo "$$m: go.mod is out of date"; exit 1; }; done
	@echo "== layers"
	@go test -count=1 ./internal/layers
	@echo "== prose"
	@go run ./hack/prose

.PHONY: verify-generated
verify-generated: tools ## fail if generated code is not what the generators write
	@echo "== generated code"
	@go generate ./...
	@git diff --exit-code -- $(GENERATED)
	@new=$$(git ls-files --others --exclude-standard -- $(GENERATED)) && \
		if [ -n "$$new" ]; then echo "generated, but not committed:"; echo "$$new"; exit 1; fi

.PHONY: vuln
vuln: tools ## look for known vulnerabilities in what is used
	@echo "== govulncheck"
	@for m in . $(TESTS); do go run ./hack/vuln bin/govulncheck -C $$m ./... || exit 1; done

.PHONY: unit
unit: ## tests that need no control plane, with the race detector
	@echo "== unit tests"
	$(RACE_NOTE)
	@for m in . $(TESTS); do echo "go -C $$m test $(RACE) ./..."; go -C $$m test $(RACE) ./... || exit 1; done

.PHONY: nested
nested: ## tests of the other nested modules that hold packages
	@for m in $(filter-out $(TESTS),$(NESTED)); do \
		if [ -n "$$(go -C $$m list ./... 2>/dev/null)" ]; then go -C $$m test ./... || exit 1; fi; \
	done

# How long the API server stays away in the test of an outage.
OUTAGE ?= 1m

# These tests wait more than they compute, whatever the number of processors: hence -parallel.

.PHONY: e2e
e2e: controlplane ## tests against a real control plane, with the race detector
	@echo "== end-to-end tests"
	$(RACE_NOTE)
	go test $(RACE) -tags e2e -timeout 30m -p 2 -parallel 4 ./internal/testenv/... ./pkg/watcher/... ./hack/demo
	ANCHO_E2E_OUTAGE=$(OUTAGE) go -C test test $(RACE) -tags e2e -timeout 30m -parallel 4 ./e2e/... ./tutorial

# How long the soak goes on, in minutes.
MINUTES ?= 10

.PHONY: soak
soak: controlplane ## run a program for MINUTES=n (10) while all around it is broken: fails on misses, duplicates, growth (SEED=)
	@echo "== soak"
	@go run ./hack/soak --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

# How long each fuzz target goes on.
FUZZTIME ?= 1m

.PHONY: fuzz
fuzz: ## fuzz all targets, one after the other, for FUZZTIME=1m each (ONLY= by name, PARALLEL= workers); findings fail
	@go run ./hack/fuzz --time $(FUZZTIME) $(if $(ONLY),--only $(ONLY)) $(if $(PARALLEL),--parallel $(PARALLEL))

##### What can be looked at

.PHONY: demo
demo: controlplane ## watch the examples at work on a real control plane; KEEP=1 leaves it running
	@KEEP=$(KEEP) go run ./hack/demo

.PHONY: bench
bench: controlplane ## measure Ancho beside its peers (QUICK=1: minutes; also ONLY= ROUNDS= OBJECTS= PROFILE=1 DOCS=1)
	@QUICK=$(QUICK) ONLY=$(ONLY) ROUNDS=$(ROUNDS) OBJECTS=$(OBJECTS) PROFILE=$(PROFILE) DOCS=$(DOCS) go -C hack/bench run .
