# `make` shows what there is. All of it needs Go and bash; what has to do with the operators' pages (web/admin), the SDK for JavaScript
# (web/sdk) or the example of a front end (examples/spa) needs Node and npm, too. Tests find, start or install PostgreSQL, Redis, Chromium,
# nginx and Python themselves (internal/tools/services). `make check` also needs git, a C compiler for the race detector, and python3 where
# the conformance kit is.

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

# A module of its own, so that somebody else's OpenID and SAML providers are not among what the server needs.
OPTEST := internal/provider/optest

# What apps import is a module of its own, so that what the server needs is not among what they need.
SDK := sdk/go

# So are the examples: what people copy from needs the SDK, and nothing of the server's.
EXAMPLES := examples

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

# What is made with npm: the operators' pages, the SDK for JavaScript, and the example of a front end, which is made with that. The builds of
# the pages and, by way of a copy, of the example are embedded in whatever server is built after them.
UI     := web/admin
SDK_JS := web/sdk
SPA    := examples/spa

UI_BUILD     := $(UI)/dist/index.html
SDK_JS_BUILD := $(SDK_JS)/dist/index.js
SPA_BUILD    := $(SPA)/dist/index.html
SPA_SHOWN    := internal/demoapp/dist/index.html

UI_GENERATOR := $(UI)/generate/node_modules/.package-lock.json
NPM_CI       := ci --no-audit --no-fund --loglevel=error

# What each build is made of, and what has its formatting, rules and types checked. Folders are among it, since they change when a file in them
# goes. The pages have the types of one wire from the SDK.
within         = $(shell find $(addprefix $(1)/,$(2)) $(3) 2>/dev/null)
UI_SOURCES     = $(call within,$(UI),src public build *.html package.json tsconfig.json vite.config.ts,-not -name '*.test.ts') $(SDK_JS)/src/wire.ts
UI_FILES       = $(call within,$(UI),src public build e2e *.json *.ts *.html generate/*.json generate/*.mjs) $(SDK_JS)/src/wire.ts
SDK_JS_SOURCES = $(call within,$(SDK_JS),src package.json tsconfig*.json)
SDK_JS_FILES   = $(call within,$(SDK_JS),src test *.json *.ts)
SPA_SOURCES    = $(call within,$(SPA),src public build *.html package.json tsconfig*.json vite.config.ts,-not -name '*.test.ts*') $(SDK_JS_BUILD)
SPA_FILES      = $(call within,$(SPA),src public build e2e *.html *.json *.ts) $(SDK_JS_BUILD)

# $(call package,VARIABLE,NAME,FLAGS,NEEDS) are the rules of one of them, with flags of its build and what else its unit tests need. Things are
# checked once for what there is, whoever asks: several steps of make check do.
define package
$(1)_MODULES := $($(1))/node_modules/.package-lock.json
$(1)_CHECKED := $($(1))/node_modules/.checked

$$($(1)_MODULES): $($(1))/package.json $($(1))/package-lock.json
	@echo "$(2): installing what it is built with (npm ci); the first time takes a minute"
	@npm --prefix $($(1)) $$(NPM_CI)
	@touch $$@

$$($(1)_CHECKED): $$($(1)_MODULES) $$($(1)_FILES)
	@echo "$(2): checking formatting, rules and types"
	@npm --prefix $($(1)) run --silent check
	@touch $$@

$$($(1)_BUILD): $$($(1)_MODULES) $$($(1)_SOURCES)
	@echo "$(2): building"
	@npm --prefix $($(1)) run --silent build $(3)
	@touch $$@

.PHONY: $(2)-unit
$(2)-unit: $$($(1)_MODULES) $(4)
	@npm --prefix $($(1)) run --silent test
endef

$(eval $(call package,UI,ui,-- --logLevel warn))
$(eval $(call package,SDK_JS,sdk-js))
$(eval $(call package,SPA,spa,-- --logLevel warn,$(SDK_JS_BUILD)))

$(SPA_SHOWN): $(SPA_BUILD)
	@rm -rf $(@D)
	@cp -R $(SPA)/dist $(@D)
	@touch $@

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
	else echo "$$why: the types of both wires ($(UI)/src/api, $(SDK_JS)/src/wire.ts) are as they were"; fi
endef

##@ Every day

.PHONY: help
help: ## show this list
	@awk 'BEGIN { FS = ":[^#]*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: pages-if-node ## run the server for development, with its pages, a database, and a tenant that has a front end
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

# For what is of use without the pages and the example.
.PHONY: pages-if-node
pages-if-node:
	@why=$$($(NO_NODE)); \
	if [ -z "$$why" ]; then $(MAKE) -s --no-print-directory $(UI_BUILD) $(SPA_SHOWN); \
	elif [ -e $(UI_BUILD) ]; then echo "$$why: the operators' pages and the example app stay as they were built before"; \
	else echo "$$why: the operators' pages and the example app are left out. To have them, $(GET_NODE), and do this again"; fi

$(UI_GENERATOR): $(UI)/generate/package.json $(UI)/generate/package-lock.json
	@echo "generate: installing what the clients' types are made with (npm ci)"
	@npm --prefix $(UI)/generate $(NPM_CI)
	@touch $@

.PHONY: test
test: ## run every test but e2e, on SQLite, PostgreSQL and Redis (PACKAGES=./flows/... for some)
	@failed=; \
	$(TEST) $(PACKAGES) 2>&1 | $(SUMMARY) || failed=1; \
	if [ "$(PACKAGES)" = ./... ]; then \
		for module in $(FAULTS) $(SDK); do $(GO) -C $$module test -count=1 ./... 2>&1 | $(SUMMARY) || failed=1; done; \
		$(SERVICES) $(GO) -C $(OPTEST) test -count=1 ./... 2>&1 | $(SUMMARY) || failed=1; \
		$(SERVICES) --database $(GO) -C $(EXAMPLES) test -count=1 ./... 2>&1 | $(SUMMARY) || failed=1; \
		why=$$($(NO_NODE)); \
		if [ -z "$$why" ]; then $(MAKE) -k --no-print-directory ui-unit sdk-js-unit spa-unit || failed=1; \
		else echo "$$why: the tests of the operators' pages, the SDK for JavaScript and the example app were not run"; fi; \
	fi; \
	if [ -n "$$failed" ]; then echo "test: FAILED"; exit 1; fi; echo "test: passed"

.PHONY: e2e
e2e: ui ## the operators' pages in a real Chromium, with the real server (ONLY=day for some)
	@$(GO) build -o bin/server ./cmd/server
	@$(SERVICES) --chromium --database npm --prefix $(UI) run --silent e2e -- $(ONLY)
	@echo "e2e: passed"

.PHONY: spa
spa: ## check and build the example of a front end; servers that are built afterwards have it
	$(needs-node)
	@$(MAKE) -s --no-print-directory $(SPA_MODULES)
	@$(MAKE) -s --no-print-directory $(SPA_CHECKED)
	@$(MAKE) -s --no-print-directory $(SPA_SHOWN)
	@echo "spa: $(SPA)/dist has the app; what is built from now on (make run, make build) has it too"

.PHONY: spa-e2e
spa-e2e: spa ## the example of a front end in a real Chromium, with the real server (ONLY=… for some)
	@$(GO) build -o bin/server ./cmd/server
	@$(SERVICES) --chromium --database npm --prefix $(SPA) run --silent e2e -- $(ONLY)
	@echo "spa-e2e: passed"

# What check runs. After the first steps, which others build on, come two lanes side by side: those of one mostly wait, for a
# browser and for times to run out; those of the other compute, and let them go first. What a step says is shown when it is over.
CHECK_FIRST    := fresh ui spa
CHECK_WAITS    := e2e spa-e2e sdk-js-e2e kit sdk-python
CHECK_COMPUTES := ui-test sdk-js fmt vet lint helm alerts nginx test race-quick

.PHONY: check
check: ## what CI runs: fresh, ui, spa, ui-test, sdk-js, fmt, vet, lint, helm, alerts, nginx, e2e, spa-e2e, sdk-js-e2e, test, race-quick, kit and sdk-python; goes on after a failure and names all
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
build: pages-if-node ## build static binaries into bin/
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/ ./cmd/...

.PHONY: image
image: pages-if-node $(TOOLS)/ko-0.19.1 ## build the container images into bin/, for amd64 and arm64, without Docker
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

# What the programs are made of, as CycloneDX: the modules that each program says are in it, and what the pages and the example have from npm.
# Of the example, which has a folder among what it needs, npm lists what is installed.
.PHONY: sbom
sbom: build $(TOOLS)/cyclonedx-gomod-1.10.0 ## list what the programs and the pages are made of, into bin/sbom
	$(needs-node)
	@mkdir -p bin/sbom
	@version=$$(git describe --tags --always --dirty --match 'v*'); for program in server admin; do \
		$(TOOLS)/cyclonedx-gomod-1.10.0 bin -json -licenses -std -noserial -output-version 1.6 -version "$$version" \
			-output bin/sbom/$$program.cdx.json bin/$$program 2>bin/sbom/log || { cat bin/sbom/log; exit 1; }; \
	done; rm -f bin/sbom/log
	@npm --prefix $(UI) sbom --package-lock-only --omit dev --sbom-format cyclonedx --sbom-type application >bin/sbom/pages.cdx.json
	@npm --prefix $(SPA) sbom --omit dev --sbom-format cyclonedx --sbom-type application >bin/sbom/example.cdx.json
	@for part in server admin pages example; do \
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
	for package in $(UI) $(SDK_JS) $(SPA); do \
		echo "==> npm audit in $$package"; \
		npm --prefix "$$package" audit --omit dev || failed="$$failed $$package"; \
	done; \
	if [ -n "$$failed" ]; then echo "vuln: FAILED:$$failed (a hole is named above; where nothing is, the database was out of reach)"; exit 1; fi; \
	echo "vuln: passed"

.PHONY: ui-test
ui-test: ## formatting, rules, types and unit tests of the operators' pages
	$(needs-node)
	@$(MAKE) -s --no-print-directory $(UI_MODULES)
	@$(MAKE) -s --no-print-directory $(UI_CHECKED)
	@$(MAKE) --no-print-directory ui-unit
	@echo "ui-test: passed"

.PHONY: sdk-js
sdk-js: ## the SDK for JavaScript (web/sdk): formatting, rules, types, unit tests and its build
	$(needs-node)
	@$(MAKE) -s --no-print-directory $(SDK_JS_MODULES)
	@$(MAKE) -s --no-print-directory $(SDK_JS_CHECKED)
	@$(MAKE) --no-print-directory sdk-js-unit
	@$(MAKE) -s --no-print-directory $(SDK_JS_BUILD)
	@echo "sdk-js: passed"

.PHONY: sdk-js-e2e
sdk-js-e2e: ## the SDK for JavaScript with the real server, and in a real Chromium
	$(needs-node)
	@$(MAKE) -s --no-print-directory $(SDK_JS_BUILD)
	@$(GO) build -o bin/server ./cmd/server
	@$(SERVICES) --chromium --database npm --prefix $(SDK_JS) run --silent e2e -- $(ONLY)
	@echo "sdk-js-e2e: passed"

# Python keeps what it compiled beside the sources unless it is told not to.
.PHONY: sdk-python
sdk-python: ## the package for APIs in Python (sdk/python): its tests, one of them with the real server
	@$(GO) build -o bin/ ./cmd/server ./cmd/admin
	@$(SERVICES) --python env PYTHONDONTWRITEBYTECODE=1 VESTIBULE_SERVER=$(CURDIR)/bin/server VESTIBULE_ADMIN=$(CURDIR)/bin/admin \
		bash -c 'cd sdk/python && exec "$$VESTIBULE_PYTHON" -m pytest -q'
	@echo "sdk-python: passed"

.PHONY: screenshots
screenshots: ui spa ## take the pictures in docs/screenshots anew
	@$(GO) build -o bin/server ./cmd/server
	@SCREENSHOTS=1 $(SERVICES) --chromium npm --prefix $(UI) run --silent e2e -- screens -t picture
	@SCREENSHOTS=1 $(SERVICES) --chromium npm --prefix $(SPA) run --silent e2e -- pages -t picture

PROMTOOL := $(TOOLS)/promtool-0.316.0
$(eval $(call tool,promtool,github.com/prometheus/prometheus/cmd/promtool,0.316.0))

.PHONY: alerts
alerts: $(PROMTOOL) ## check the alert rules, run their tests, and read the dashboard's expressions
	@$(GO) run ./internal/tools/alerts -promtool $(PROMTOOL)

.PHONY: nginx
nginx: ## the example of forward authentication, and its one command, with a real nginx before the real server
	@log=$$(mktemp); trap 'rm -f "$$log"' EXIT; \
	$(SERVICES) --nginx $(GO) test -count=1 -timeout 10m -run '^TestNginx' -v ./internal/app >"$$log" 2>&1 || { cat "$$log"; exit 1; }; \
	grep -q '^--- PASS: TestNginxLetsInWhoIsSignedIn' "$$log" || { cat "$$log"; echo "nginx: the test was not run"; exit 1; }; \
	$(SERVICES) --nginx $(GO) -C $(EXAMPLES) test -count=1 -run '^TestNginx' -v . >"$$log" 2>&1 || { cat "$$log"; exit 1; }; \
	grep -q '^--- PASS: TestNginxExample ' "$$log" || { cat "$$log"; echo "nginx: the test of the one command was not run"; exit 1; }
	@echo "nginx: passed"

.PHONY: fmt
fmt: ## fail where gofmt would change a file
	@unformatted=$$(gofmt -l $(wildcard cmd examples/*.go examples/api examples/cli examples/forward-auth flows helm internal migrations sdk tenants web/admin/*.go)); \
	if [ -n "$$unformatted" ]; then printf 'gofmt would change:\n%s\n' "$$unformatted"; exit 1; fi

.PHONY: vet
vet: ## go vet
	$(GO) vet ./...
	$(GO) -C $(CHART) vet ./...
	$(GO) -C $(FAULTS) vet ./...
	$(GO) -C $(OPTEST) vet ./...
	$(GO) -C $(SDK) vet ./...
	$(GO) -C $(EXAMPLES) vet ./...

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
	for module in $(CHART) $(FAULTS) $(OPTEST) $(SDK) $(EXAMPLES); do (cd "$$module" && "$$linter" run --config $(CURDIR)/.golangci.yml ./...); done

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
	@$(SERVICES) $(GO) -C $(OPTEST) test -race -count=1 ./... 2>&1 | $(SUMMARY)
	@$(GO) -C $(CHART) test -race -count=1 ./roll 2>&1 | $(SUMMARY)
	@$(GO) -C $(SDK) test -race -count=1 ./... 2>&1 | $(SUMMARY)
	@$(SERVICES) --database $(GO) -C $(EXAMPLES) test -race -count=1 ./... 2>&1 | $(SUMMARY)

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

# Whatever else runs on the machine makes some rounds slower and none faster, so the fastest of five is shown.
.PHONY: bench-sdk
bench-sdk: ## measure what checking an access token costs an API in Go, without any network
	@$(GO) -C $(SDK) test -run '^$$' -bench '^BenchmarkVerify$$' -count 5 . | awk ' \
		!/^Benchmark/ { print; next } \
		!($$1 in least) { names[++n] = $$1 } \
		!($$1 in least) || $$3 + 0 < least[$$1] { least[$$1] = $$3 + 0; lines[$$1] = $$0 } \
		END { for (i = 1; i <= n; i++) print lines[names[i]] }'

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
	rm -rf bin $(foreach package,$(UI) $(SDK_JS) $(SPA),$(package)/dist $(package)/node_modules) $(dir $(SPA_SHOWN)) $(UI)/generate/node_modules
