# `make` shows what there is. All of it needs Go and bash; what has to do with the operators' pages (web/admin) needs Node and
# npm, too. Tests find, start or install PostgreSQL, Redis, Chromium, nginx and Python themselves (internal/tools/services). `make check` also
# needs git, a C compiler for the race detector, and python3 where the conformance kit is.

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

# Tools that are Go programs are built from their source, each at one version, into a file that has the version in its name.
# Targets name that file among what they need. $(call tool,NAME,PACKAGE,VERSION)
define tool
$(TOOLS)/$(1)-$(3):
	@echo "$(1): building version $(3) into $(TOOLS); the first time takes minutes"
	@GOBIN=$(TOOLS)/new $(GO) install $(2)@v$(3)
	@mv $(TOOLS)/new/$(1) $$@
endef

$(eval $(call tool,helm,helm.sh/helm/v4/cmd/helm,4.3.1))
$(eval $(call tool,kube-score,github.com/zegl/kube-score/cmd/kube-score,1.20.0))
$(eval $(call tool,ko,github.com/google/ko,0.19.1))
$(eval $(call tool,cyclonedx-gomod,github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod,1.10.0))
$(eval $(call tool,govulncheck,golang.org/x/vuln/cmd/govulncheck,1.9.0))

# What tries the Helm chart is a module of its own.
CHART := helm/check

# A module of its own, so that what it needs to break things is not among what the server needs.
FAULTS := internal/faults

# A module of its own, so that somebody else's OpenID provider is not among what the server needs.
OPTEST := internal/provider/optest

# What apps import is a module of its own, so that what the server needs is not among what they need.
SDK := sdk/go

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

# The operators' pages. Their build is embedded in whatever server is built after it.
UI           := web/admin
UI_MODULES   := $(UI)/node_modules/.package-lock.json
UI_GENERATOR := $(UI)/generate/node_modules/.package-lock.json
UI_BUILD     := $(UI)/dist/index.html
UI_CHECKED   := $(UI)/node_modules/.checked
NPM_CI       := ci --no-audit --no-fund --loglevel=error

# What the build is made of. Folders are among it, since they change when a file in them goes.
UI_SOURCES = $(shell find $(UI)/src $(UI)/public $(UI)/build -not -name '*.test.ts') $(addprefix $(UI)/,index.html package.json tsconfig.json vite.config.ts)

# What has its formatting, rules and types checked, and by what.
UI_FILES = $(shell find $(addprefix $(UI)/,src public build e2e)) $(wildcard $(addprefix $(UI)/,*.json *.ts *.html generate/*.json generate/*.mjs))

# Says why nothing can be done with the pages here; nothing where it can. Vite runs on these versions.
NO_NODE = if ! command -v node >/dev/null; then echo "Node is not installed"; \
	elif ! command -v npm >/dev/null; then echo "npm, which belongs to Node, is not installed"; \
	else node -e 'const [a, b] = process.versions.node.split(".").map(Number); \
		if (!((a === 20 && b >= 19) || (a === 22 && b >= 12) || a > 22)) console.log("Node " + process.versions.node + " is too old")'; fi
GET_NODE := install Node 20.19, 22.12 or later with npm, from https://nodejs.org or your system's packages (Debian: nodejs and npm)

define needs-node
	@why=$$($(NO_NODE)); if [ -n "$$why" ]; then echo "$@: $$why: $(GET_NODE)"; exit 1; fi
endef

# The types of the pages' clients, from the documents of the two wires.
define GENERATE_UI
why=$$($(NO_NODE)); \
	if [ -z "$$why" ]; then $(MAKE) -s --no-print-directory $(UI_GENERATOR); npm --prefix $(UI)/generate run --silent generate; \
	else echo "$$why: the types of both wires ($(UI)/src/api, web/sdk/src/wire.ts) are as they were"; fi
endef

##@ Every day

.PHONY: help
help: ## show this list
	@awk 'BEGIN { FS = ":[^#]*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ui-if-node ## run the server for development, with its pages, a database and a tenant of its own
	@echo "building the server; the first time takes a minute or two"
	@$(GO) build -o bin/server ./cmd/server
	@exec bin/server --dev

.PHONY: ui
ui: ## check and build the operators' pages; servers that are built afterwards have them
	$(needs-node)
	@$(MAKE) -s --no-print-directory $(UI_MODULES)
	@$(MAKE) -s --no-print-directory $(UI_CHECKED)
	@$(MAKE) -s --no-print-directory $(UI_BUILD)
	@echo "ui: $(UI)/dist has the pages; what is built from now on (make run, make build) has them too"

# For what is of use without the pages.
.PHONY: ui-if-node
ui-if-node:
	@why=$$($(NO_NODE)); \
	if [ -z "$$why" ]; then $(MAKE) -s --no-print-directory $(UI_BUILD); \
	elif [ -e $(UI_BUILD) ]; then echo "$$why: the operators' pages stay as they were built before"; \
	else echo "$$why: the operators' pages are left out. To have them, $(GET_NODE), and do this again"; fi

$(UI_MODULES): $(UI)/package.json $(UI)/package-lock.json
	@echo "ui: installing what the pages are built with (npm ci); the first time takes a minute"
	@npm --prefix $(UI) $(NPM_CI)
	@touch $@

$(UI_GENERATOR): $(UI)/generate/package.json $(UI)/generate/package-lock.json
	@echo "generate: installing what the clients' types are made with (npm ci)"
	@npm --prefix $(UI)/generate $(NPM_CI)
	@touch $@

# Once for what there is, whoever asks: several steps of make check do.
$(UI_CHECKED): $(UI_MODULES) $(UI_FILES)
	@echo "ui: checking formatting, rules and types"
	@npm --prefix $(UI) run --silent check
	@touch $@

$(UI_BUILD): $(UI_MODULES) $(UI_SOURCES)
	@echo "ui: building the pages"
	@npm --prefix $(UI) run --silent build -- --logLevel warn
	@touch $@

.PHONY: test
test: ## run every test but e2e, on SQLite, PostgreSQL and Redis (PACKAGES=./flows/... for some)
	@failed=; \
	$(TEST) $(PACKAGES) 2>&1 | $(SUMMARY) || failed=1; \
	if [ "$(PACKAGES)" = ./... ]; then \
		for module in $(FAULTS) $(OPTEST) $(SDK); do $(GO) -C $$module test -count=1 ./... 2>&1 | $(SUMMARY) || failed=1; done; \
		why=$$($(NO_NODE)); \
		if [ -z "$$why" ]; then $(MAKE) --no-print-directory ui-unit || failed=1; \
		else echo "$$why: the tests of the operators' pages were not run"; fi; \
	fi; \
	if [ -n "$$failed" ]; then echo "test: FAILED"; exit 1; fi; echo "test: passed"

.PHONY: e2e
e2e: ui ## the operators' pages in a real Chromium, with the real server (ONLY=day for some)
	@$(GO) build -o bin/server ./cmd/server
	@$(SERVICES) --chromium --database npm --prefix $(UI) run --silent e2e -- $(ONLY)
	@echo "e2e: passed"

# What check runs. After the first steps, which others build on, come two lanes side by side: those of one mostly wait, for a
# browser and for times to run out; those of the other compute, and let them go first. What a step says is shown when it is over.
CHECK_FIRST    := fresh ui
CHECK_WAITS    := e2e kit sdk-python
CHECK_COMPUTES := ui-test fmt vet lint helm alerts nginx test race-quick

.PHONY: check
check: ## what CI runs: fresh, ui, ui-test, fmt, vet, lint, helm, alerts, nginx, e2e, test, race-quick, kit and sdk-python; goes on after a failure and names all
	@logs=$$(mktemp -d); trap 'rm -rf "$$logs"' EXIT; \
	steps() { low=$$1; shift; \
		for step; do \
			echo "check: make $$step ..." >&2; started=$$SECONDS; how=failed; \
			if nice -n "$$low" $(MAKE) --no-print-directory "$$step" >"$$logs/$$step.log" 2>&1 </dev/null; then how=passed; fi; \
			echo "$$step $$how $$((SECONDS - started))"; \
		done; \
	}; \
	{ \
		steps 0 $(CHECK_FIRST); \
		steps 0 $(CHECK_WAITS) & \
		steps 5 $(CHECK_COMPUTES); \
		wait; \
	} | while read -r step how took; do \
		printf '\n==> make %s\n' "$$step"; cat "$$logs/$$step.log"; echo "    $$step $$how after $$took s"; \
		if [ "$$how" = failed ]; then echo "$$step" >>"$$logs/failed"; fi; \
	done; \
	if [ -e "$$logs/failed" ]; then printf '\ncheck: FAILED: %s\n' "$$(tr '\n' ' ' <"$$logs/failed")"; exit 1; fi; \
	printf '\ncheck: passed after %s s\n' "$$SECONDS"

.PHONY: build
build: ui-if-node ## build static binaries into bin/
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/ ./cmd/...

.PHONY: image
image: ui-if-node $(TOOLS)/ko-0.19.1 ## build the container images into bin/, for amd64 and arm64, without Docker
	@$(GO) run ./internal/tools/image -ko $(TOOLS)/ko-0.19.1

.PHONY: generate
generate: ## write the generated files anew
	$(GO) generate ./...
	$(GO) -C $(CHART) generate ./...
	@$(GENERATE_UI)

.PHONY: baseline
baseline: ## at a release: write down what this version asks of the database, which the next must leave working
	@rm -rf bin/statements; mkdir -p bin/statements
	@VESTIBULE_TEST_STATEMENTS=$(CURDIR)/bin/statements $(TEST) ./internal/store/... ./internal/audit ./internal/stats 2>&1 | $(SUMMARY)
	@VESTIBULE_TEST_STATEMENTS=$(CURDIR)/bin/statements $(TEST) -run Purge ./internal/admin 2>&1 | $(SUMMARY)
	@$(TEST) -run '^TestPreviousVersionIsWhole$$' -v ./internal/meta -statements $(CURDIR)/bin/statements

##@ Closer looks

# What the programs are made of, as CycloneDX: the modules that each program says are in it, and what the pages have from npm.
.PHONY: sbom
sbom: build $(TOOLS)/cyclonedx-gomod-1.10.0 ## list what the programs and the pages are made of, into bin/sbom
	$(needs-node)
	@mkdir -p bin/sbom
	@version=$$(git describe --tags --always --dirty --match 'v*'); for program in server admin; do \
		$(TOOLS)/cyclonedx-gomod-1.10.0 bin -json -licenses -std -noserial -output-version 1.6 -version "$$version" \
			-output bin/sbom/$$program.cdx.json bin/$$program 2>bin/sbom/log || { cat bin/sbom/log; exit 1; }; \
	done; rm -f bin/sbom/log
	@npm --prefix $(UI) sbom --package-lock-only --omit dev --sbom-format cyclonedx --sbom-type application >bin/sbom/pages.cdx.json
	@for part in server admin pages; do \
		file=bin/sbom/$$part.cdx.json; \
		echo "$$file lists $$(node -p 'JSON.parse(fs.readFileSync(process.argv[1])).components.length' $$file) components"; \
	done

# govulncheck asks https://vuln.go.dev, or what VULNDB names: file:///a/copy/of/the/database. Modules that stand beside the server are
# looked at, too, each in its own folder.
VULNDB ?=
MODULES = $(shell git ls-files --cached --others --exclude-standard 'go.mod' '*/go.mod' | xargs -n1 dirname)

.PHONY: vuln
vuln: $(TOOLS)/govulncheck-1.9.0 ## ask whether anything that is used has a known hole (needs the network; VULNDB=file:///folder for a copy)
	$(needs-node)
	@failed=; \
	for module in $(MODULES); do \
		echo "==> govulncheck in $$module"; \
		(cd "$$module" && $(TOOLS)/govulncheck-1.9.0 $(if $(VULNDB),-db $(VULNDB)) ./...) || failed="$$failed $$module"; \
	done; \
	echo "==> npm audit in $(UI)"; \
	npm --prefix $(UI) audit --omit dev || failed="$$failed $(UI)"; \
	if [ -n "$$failed" ]; then echo "vuln: FAILED:$$failed (a hole is named above; where nothing is, the database was out of reach)"; exit 1; fi; \
	echo "vuln: passed"

.PHONY: ui-test
ui-test: ## formatting, rules, types and unit tests of the operators' pages
	$(needs-node)
	@$(MAKE) -s --no-print-directory $(UI_MODULES)
	@$(MAKE) -s --no-print-directory $(UI_CHECKED)
	@$(MAKE) --no-print-directory ui-unit
	@echo "ui-test: passed"

.PHONY: ui-unit
ui-unit: $(UI_MODULES)
	@npm --prefix $(UI) run --silent test

# Python keeps what it compiled beside the sources unless it is told not to.
.PHONY: sdk-python
sdk-python: ## the package for APIs in Python (sdk/python): its tests, one of them with the real server
	@$(GO) build -o bin/ ./cmd/server ./cmd/admin
	@$(SERVICES) --python env PYTHONDONTWRITEBYTECODE=1 VESTIBULE_SERVER=$(CURDIR)/bin/server VESTIBULE_ADMIN=$(CURDIR)/bin/admin \
		bash -c 'cd sdk/python && exec "$$VESTIBULE_PYTHON" -m pytest -q'
	@echo "sdk-python: passed"

.PHONY: screenshots
screenshots: ui ## take the pictures in docs/screenshots anew
	@$(GO) build -o bin/server ./cmd/server
	@SCREENSHOTS=1 $(SERVICES) --chromium npm --prefix $(UI) run --silent e2e -- screens -t picture

PROMTOOL := $(TOOLS)/promtool-0.316.0
$(eval $(call tool,promtool,github.com/prometheus/prometheus/cmd/promtool,0.316.0))

.PHONY: alerts
alerts: $(PROMTOOL) ## check the alert rules, run their tests, and read the dashboard's expressions
	@$(GO) run ./internal/tools/alerts -promtool $(PROMTOOL)

.PHONY: nginx
nginx: ## the example of forward authentication, with a real nginx before the real server
	@log=$$(mktemp); trap 'rm -f "$$log"' EXIT; \
	$(SERVICES) --nginx $(GO) test -count=1 -timeout 10m -run '^TestNginx' -v ./internal/app >"$$log" 2>&1 || { cat "$$log"; exit 1; }; \
	grep -q '^--- PASS: TestNginxLetsInWhoIsSignedIn' "$$log" || { cat "$$log"; echo "nginx: the test was not run"; exit 1; }
	@echo "nginx: passed"

.PHONY: fmt
fmt: ## fail where gofmt would change a file
	@unformatted=$$(gofmt -l $(wildcard cmd flows helm internal migrations sdk tenants web/admin/*.go)); \
	if [ -n "$$unformatted" ]; then printf 'gofmt would change:\n%s\n' "$$unformatted"; exit 1; fi

.PHONY: vet
vet: ## go vet
	$(GO) vet ./...
	$(GO) -C $(CHART) vet ./...
	$(GO) -C $(FAULTS) vet ./...
	$(GO) -C $(OPTEST) vet ./...
	$(GO) -C $(SDK) vet ./...

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
	"$$linter" run ./...; \
	for module in $(CHART) $(FAULTS) $(OPTEST) $(SDK); do (cd "$$module" && "$$linter" run --config $(CURDIR)/.golangci.yml ./...); done

.PHONY: helm
helm: $(TOOLS)/helm-4.3.1 $(TOOLS)/kube-score-1.20.0 ## the Helm chart: lint, what it makes of each value set, what it refuses, kube-score
	@HELM=$(word 1,$^) KUBE_SCORE=$(word 2,$^) $(GO) -C $(CHART) test -count=1 -timeout 20m ./... 2>&1 | $(SUMMARY)

.PHONY: roll
roll: $(TOOLS)/helm-4.3.1 ## upgrade a release in a cluster of yours under load (helm/check/README.md): ROLL='-namespace auth -url http://…'
	@$(GO) -C $(CHART) build -o $(CURDIR)/bin/roll ./roll
	@bin/roll -helm $< -chart helm/vestibule $(ROLL)

.PHONY: helm-golden
helm-golden: $(TOOLS)/helm-4.3.1 ## write what the Helm chart makes of each value set anew, to be looked at
	@HELM=$< $(GO) -C $(CHART) test -count=1 -run '^TestWhatIsMadeIsWhatWasLookedAt$$' . -update

# The files are compared before and after, so that what is not committed yet does not pass for stale. cksum fails for a
# file that was removed and not committed, which is no matter.
FILES := git ls-files --cached --others --exclude-standard -z | sort -z | { xargs -0 cksum 2>/dev/null || true; }

.PHONY: fresh
fresh: ## fail where a generated file is stale
	@before=$$($(FILES)); $(GO) generate ./...; $(GO) -C $(CHART) generate ./...; $(GENERATE_UI); after=$$($(FILES)); \
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
	@$(GO) -C $(FAULTS) test -race -count=1 ./... 2>&1 | $(SUMMARY)
	@$(GO) -C $(OPTEST) test -race -count=1 ./... 2>&1 | $(SUMMARY)
	@$(GO) -C $(CHART) test -race -count=1 ./roll 2>&1 | $(SUMMARY)
	@$(GO) -C $(SDK) test -race -count=1 ./... 2>&1 | $(SUMMARY)

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
		case $$dir in ./$(SDK)*) where="-C $(SDK)"; dir=.$${dir#./$(SDK)} ;; *) where= ;; esac; \
		$(SERVICES) $(GO) $$where test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$dir" 2>&1 | tee "$$log" \
		|| { grep -q '^ *context deadline exceeded$$' "$$log" && ! grep -q 'Failing input' "$$log"; } \
		|| failed="$$failed $$target"; \
	done < <(grep -rEo '^func Fuzz[A-Za-z0-9_]*' --include='*_test.go' cmd flows internal sdk tenants | sort); \
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

.PHONY: bench-ui
bench-ui: ui ## measure the operators' pages with 100,000 tenants and a million users; takes minutes
	@$(GO) build -o bin/server ./cmd/server
	$(SERVICES) --chromium $(GO) test -run '^$$' -bench '^BenchmarkPages$$' -benchtime 1x -timeout 40m ./internal/admin

.PHONY: load
load: ## drive load as users make it (LOADFLAGS='-rate 500 -d 1m -replicas 3')
	@cd $(FAULTS) && $(GO) build -o $(CURDIR)/bin/faults . && exec $(CURDIR)/bin/faults load $(LOADFLAGS)

.PHONY: faults
faults: ## break one thing after the other under load, and prove that nothing is lost (ONLY=redis for some; about 15 minutes)
	@cd $(FAULTS) && $(GO) build -o $(CURDIR)/bin/faults . && exec $(CURDIR)/bin/faults -o $(CURDIR)/bin/faults.md -only '$(ONLY)' $(FAULTFLAGS)

.PHONY: kit
kit: ## compare the server with django-allauth, where the conformance kit is present (ONLY='login.*' for some)
	@$(SERVICES) $(GO) run ./internal/tools/kit $(foreach pattern,$(ONLY),-only '$(pattern)')

.PHONY: clean
clean: ## remove what was built; the data of `make run` stays in .vestibule
	rm -rf bin $(UI)/dist $(UI)/node_modules $(UI)/generate/node_modules
