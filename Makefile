# Every task of the repository. `make` lists them; ARGS="..." goes to the program that runs.

ENSURE := python3 deploy/tools/ensure.py
BUILT := $(or $(CARGO_TARGET_DIR),target)
BROWSE = KL_BINARY=$(abspath $(BUILT))/debug/knipperlicht KL_STAGE=$(abspath $(BUILT))/debug/knipperlicht-stage \
	python3 deploy/tools/web.py test
# As root: what it mounts nobody else sees, and it goes when it ends.
APART = $(shell unshare --mount true 2>/dev/null && echo unshare --mount)
MEASURE = KL_BINARY=$(abspath $(BUILT))/release/knipperlicht python3 deploy/tools/web.py measure

export PATH := $(CURDIR)/.knipperlicht/tools/bin:$(PATH)
# Queries are checked against the committed metadata. Without this, a DATABASE_URL meant for
# the running program (or the sandbox's empty database) would be asked at compile time.
export SQLX_OFFLINE := true

.DEFAULT_GOAL := help
.PHONY: help run web web-check web-test web-measure test check check-tools format clippy deps advisories words proto migrations own deployment k8s-rules bench sim chaos kill fuzz sbom fmt sqlx access-page proto-baseline migrations-out clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

run: web ## everything on this machine, with its own PostgreSQL and NATS and demo data
	@$(ENSURE) run
	@cargo build --bin knipperlicht
	@exec $(BUILT)/debug/knipperlicht dev $(ARGS)

web: ## the web app, which the program carries; left out where there is no Node.js
	@python3 deploy/tools/web.py

web-check: check-tools ## the web app's texts, types and unit tests
	@python3 deploy/tools/web.py check

web-test: web ## the web app on a real Chromium, against the whole line; pictures in docs/screens
	@$(ENSURE) run
	cargo build --bin knipperlicht --bin knipperlicht-stage
	@KL_SCREENSHOTS=$(CURDIR)/docs/screens $(BROWSE)

web-measure: web ## Lighthouse's scores of the web app's pages, and how soon they answer a tap
	@$(ENSURE) run
	cargo build --release --bin knipperlicht
	@$(MEASURE)

test: web ## all tests, on throw-away PostgreSQL and NATS servers; ARGS="a_test_name" for some
	@$(ENSURE) test
	cargo build --workspace --bins
	$(BUILT)/debug/knipperlicht-sandbox cargo nextest run --workspace $(ARGS)
	@$(if $(ARGS),,$(BROWSE))

check: format clippy deps advisories words proto migrations own deployment web-check ## everything that is checked without running

check-tools:
	@$(ENSURE) check

format: check-tools
	cargo fmt --all --check

clippy:
	cargo clippy --workspace --all-targets -- -D warnings

deps: check-tools
	cargo deny --workspace check licenses bans sources

# The advisories come from outside the package index: not every machine can reach them.
advisories: check-tools
	@if cargo deny fetch db >/dev/null 2>&1; then cargo deny --workspace check advisories; \
	else echo "SKIPPED: known vulnerabilities were not checked, the advisory database cannot be reached from here"; fi

words: check-tools
	typos

proto: check-tools
	buf lint proto
	buf format proto --diff --exit-code
	$(if $(wildcard proto/baseline.binpb),buf breaking proto --against proto/baseline.binpb,@echo "no proto/baseline.binpb yet, so nothing to break: make proto-baseline")

migrations: check-tools
	python3 deploy/tools/migrations.py check

own:
	python3 deploy/tools/checks.py

# What has no engine for containers and no cluster; whatever lacks a tool is skipped, and said so. The program is
# asked what it measures.
deployment:
	@$(ENSURE) deployment || true
	cargo build --bin knipperlicht
	@if command -v manifests >/dev/null; then \
	KL_BINARY=$(abspath $(BUILT))/debug/knipperlicht manifests deploy/tools/deployment; \
	else echo "SKIPPED: deploy/ and k8s/ were not checked: what checks them could not be had (see above)"; fi

k8s-rules: ## write the rules of Prometheus anew for Kubernetes, after a change in deploy/prometheus/rules
	@$(ENSURE) deployment
	manifests deploy/tools/deployment rules

bench: web ## the measurements of the design, against raw PostgreSQL and NATS, and of the web app
	@$(ENSURE) bench
	cargo build --release --bin knipperlicht --bin knipperlicht-bench
	$(BUILT)/release/knipperlicht-bench $(ARGS)
	@$(if $(ARGS),,$(MEASURE))

sim: ## a simulated year of Flanders by the real rules; writes docs/simulation.md
	cargo build --release --bin knipperlicht-sim
	$(BUILT)/release/knipperlicht-sim --write docs/simulation.md $(ARGS)

chaos: ## an hour in which everything goes wrong that can, under load, and what is lost (nothing may be)
	@$(ENSURE) test
	cargo build --release --bin knipperlicht --bin knipperlicht-chaos
	$(APART) $(BUILT)/release/knipperlicht-chaos $(ARGS)

kill: ## the same with kill -9 alone, and one of everything
	$(MAKE) chaos ARGS="--alone --only kill --minutes 10 --mishaps 50 $(ARGS)"

fuzz: ## every fuzz target by hand: ARGS=1000000 inputs each, or a number of your own
	@$(ENSURE) test
	KL_FUZZ_INPUTS=$(or $(ARGS),100000) cargo test --release -p knipperlicht-fuzz -- --nocapture

sbom: ## write what is in a build: a CycloneDX bill of materials
	@$(ENSURE) sbom
	cargo cyclonedx --manifest-path services/all/Cargo.toml --format json --all \
		--override-filename knipperlicht.cdx
	@mkdir -p $(BUILT) && find services crates tests -name 'knipperlicht.cdx.json' ! -path 'services/all/*' -delete
	@mv services/all/knipperlicht.cdx.json $(BUILT)/knipperlicht.cdx.json
	@echo "written: $(BUILT)/knipperlicht.cdx.json"

fmt: check-tools ## format Rust and contracts
	cargo fmt --all
	buf format proto --write

sqlx: ## write the committed query metadata anew, after a change of a query or a migration
	@$(ENSURE) run
	@env -u SQLX_OFFLINE deploy/tools/prepare-sqlx

access-page: ## write docs/access.md anew, after a change of who may make which call
	KL_WRITE_PAGES=1 cargo test --quiet -p knipperlicht-access --lib page::

proto-baseline: check-tools ## at a release: what later contracts must stay compatible with
	buf build proto --exclude-source-info --output proto/baseline.binpb

migrations-out: ## at a release: migrations that never change any more, statements that must be understood
	@$(ENSURE) test
	python3 deploy/tools/migrations.py out
	cargo build --bin knipperlicht-sandbox
	KL_WRITE_STATEMENTS=1 $(BUILT)/debug/knipperlicht-sandbox cargo test --test version_before every

clean: ## remove what can be made again: builds, tools and the demo's data
	cargo clean
	rm -rf .knipperlicht
