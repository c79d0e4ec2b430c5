# `make` shows what there is. All of it needs Go and bash. Tests find, start or install PostgreSQL and Redis themselves
# (internal/tools/services). `make check` also needs git, a C compiler for the race detector, and python3 where the
# conformance kit is.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

GO       ?= go
PACKAGES ?= ./...
FUZZTIME ?= 10s
ONLY     ?=

GOLANGCI_VERSION := 2.15.0
TOOLS            := $(CURDIR)/bin/tools

# Runs a command with PostgreSQL and Redis at hand.
SERVICES := $(GO) run ./internal/tools/services

# Runs tests. On a slow machine Go's own limit of ten minutes is near; tests that let others run beside them mostly wait.
TEST := $(SERVICES) $(GO) test -count=1 -timeout 40m -parallel 4

# Shows the output of go test without the packages that have no tests, and ends it with what it came to.
SUMMARY := awk ' \
	/\[no test files\]/ { next } \
	{ print; fflush() } \
	/^ok[ \t]/ { passed++ } \
	/^FAIL[ \t]/ { failed++; names = names "\n  " $$2 } \
	END { \
		if (failed) printf "\nFAILED: %d of %d packages:%s\n", failed, failed + passed, names; \
		else printf "\n%d packages tested\n", passed \
	}'

##@ Every day

.PHONY: help
help: ## show this list
	@awk 'BEGIN { FS = ":[^#]*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## run the server for development, with a database and a tenant of its own
	@echo "building; the first time takes a minute or two"
	@$(GO) build -o bin/server ./cmd/server
	@exec bin/server --dev

.PHONY: test
test: ## run every test, on SQLite, PostgreSQL and Redis (PACKAGES=./flows/... for some)
	@if $(TEST) $(PACKAGES) 2>&1 | $(SUMMARY); then echo "test: passed"; \
	else echo "test: FAILED"; exit 1; fi

.PHONY: check
check: ## what CI runs: fresh, fmt, vet, lint, test, race-quick and kit; goes on after a failure and names all
	@failed=; \
	for step in fresh fmt vet lint test race-quick kit; do \
		printf '\n==> make %s\n' "$$step"; started=$$SECONDS; \
		$(MAKE) --no-print-directory "$$step" || failed="$$failed $$step"; \
		echo "    $$step took $$((SECONDS - started)) s"; \
	done; \
	if [ -n "$$failed" ]; then printf '\ncheck: FAILED:%s\n' "$$failed"; exit 1; fi; \
	printf '\ncheck: passed\n'

.PHONY: build
build: ## build static binaries into bin/
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/ ./cmd/...

.PHONY: generate
generate: ## write the generated files anew
	$(GO) generate ./...

##@ Closer looks

.PHONY: fmt
fmt: ## fail where gofmt would change a file
	@unformatted=$$(gofmt -l $(wildcard cmd flows internal migrations tenants web/admin/*.go)); \
	if [ -n "$$unformatted" ]; then printf 'gofmt would change:\n%s\n' "$$unformatted"; exit 1; fi

.PHONY: vet
vet: ## go vet
	$(GO) vet ./...

.PHONY: lint
lint: ## golangci-lint, by the rules of .golangci.yml
	@linter=; \
	for candidate in $(TOOLS)/golangci-lint "$$($(GO) env GOPATH)/bin/golangci-lint"; do \
		if [ "$$("$$candidate" version --short 2>/dev/null)" = "$(GOLANGCI_VERSION)" ]; then linter=$$candidate; break; fi; \
	done; \
	if [ -z "$$linter" ]; then \
		echo "lint: installing golangci-lint $(GOLANGCI_VERSION) into $(TOOLS)"; \
		GOBIN=$(TOOLS) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$(GOLANGCI_VERSION); \
		linter=$(TOOLS)/golangci-lint; \
	fi; \
	"$$linter" run ./...

# The files are compared before and after, so that what is not committed yet does not pass for stale. cksum fails for a
# file that was removed and not committed, which is no matter.
FILES := git ls-files --cached --others --exclude-standard -z | sort -z | { xargs -0 cksum 2>/dev/null || true; }

.PHONY: fresh
fresh: ## fail where a generated file is stale
	@before=$$($(FILES)); $(GO) generate ./...; after=$$($(FILES)); \
	if [ "$$before" != "$$after" ]; then \
		echo "fresh: these files were stale, and have been written anew; commit them:"; \
		diff <(echo "$$before") <(echo "$$after") | awk '/^[<>]/ { print "  " $$4 }' | sort -u; exit 1; \
	fi

# The race detector is C in part.
define needs-c
	@printf '#include <stdlib.h>\n' | $$($(GO) env CC) -fsyntax-only -x c - 2>/dev/null || { \
		echo "$@: the race detector needs a C compiler: install one (Debian's packages gcc and libc6-dev)"; exit 1; }
endef

.PHONY: race
race: ## every test with the race detector (needs a C compiler)
	$(needs-c)
	@$(TEST) -race $(PACKAGES) 2>&1 | $(SUMMARY)

# Packages whose tests do not reach the store: SQLite, which is Go too, takes minutes to build and run with the detector.
LIGHT = $(GO) list -test -f '{{if not .ForTest}}{{.ImportPath}} {{join .Deps " "}}{{end}}' ./... \
	| grep '^[^ ]*\.test ' | grep -v '/internal/store\b' | sed 's/\.test .*//'

.PHONY: race-quick
race-quick: ## the same for the packages that need no database
	$(needs-c)
	@packages=$$($(LIGHT)); $(TEST) -race $$packages 2>&1 | $(SUMMARY)

# When the time is up while an input is being tried, go test may call its own deadline a failure ("context deadline
# exceeded", and no input that fails). That is not one.
.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZTIME (10s)
	@log=$$(mktemp); trap 'rm -f "$$log"' EXIT; failed=; \
	while IFS=: read -r file target; do \
		dir=./$$(dirname "$$file"); target=$${target#func }; echo "==> $$target in $$dir"; \
		$(SERVICES) $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$dir" 2>&1 | tee "$$log" \
		|| { grep -q '^ *context deadline exceeded$$' "$$log" && ! grep -q 'Failing input' "$$log"; } \
		|| failed="$$failed $$target"; \
	done < <(grep -rEo '^func Fuzz[A-Za-z0-9_]*' --include='*_test.go' cmd flows internal tenants | sort); \
	if [ -n "$$failed" ]; then echo "fuzz: FAILED:$$failed"; exit 1; fi; echo "fuzz: passed"

.PHONY: bench
bench: ## measure the server against what the machine can do
	$(SERVICES) --durable $(GO) run ./internal/bench $(BENCHFLAGS)

.PHONY: timing
timing: ## measure whether the clock tells who has an account
	$(SERVICES) --durable $(GO) run ./internal/bench -timing $(BENCHFLAGS)

.PHONY: bench-users
bench-users: ## measure lists of a million users on both engines; takes minutes
	$(SERVICES) $(GO) test -run '^$$' -bench '^BenchmarkUsers$$' -benchtime 50x -timeout 40m ./internal/admin

.PHONY: kit
kit: ## compare the server with django-allauth, where the conformance kit is present (ONLY='login.*' for some)
	@$(SERVICES) $(GO) run ./internal/tools/kit $(foreach pattern,$(ONLY),-only '$(pattern)')

.PHONY: clean
clean: ## remove what was built; the data of `make run` stays in .vestibule
	rm -rf bin web/admin/dist
