# Two commands: `make demo` tells a model's whole life on real data, `make test` runs the tests. Each makes its own .venv.
.DEFAULT_GOAL := help
.PHONY: help demo test test-all platforms observability lint format docs lock oldest bench clean
BIN := .venv/bin
DEMO := demo-flights

help:          ## list these targets
	@sed -n 's/^\([a-z-]*\): .*## /  make \1\t/p' Makefile | expand -t 20

demo: .demo    ## a model's whole life on 336,776 real flights, each decision the system's own
	@$(BIN)/seakeep demo --dir $(DEMO)

test: .development  ## the tests, without the slow ones
	@$(BIN)/pytest -n 2 --dist loadfile -m "not slow and not platform" --cov --cov-report= -q
	@$(BIN)/coverage report --include='src/seakeep/core/*,src/seakeep/rollout/*' --fail-under=100 --skip-covered

test-all: .development  ## the slow tests: kills, large tables, real servers under load
	@$(BIN)/pytest -m "slow and not platform" -q

platforms: .development  ## the tests against real Prometheus, Kubeflow, PostgreSQL, containers, …: installs them into .platforms
	@scripts/platforms
	@$(BIN)/pytest -m platform -q

observability: .development  ## Prometheus and Alertmanager on a live server under load, until Ctrl-C
	@scripts/platforms prometheus
	@$(BIN)/python scripts/observability.py

lint: .development  ## style, types, the law of the house
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

format: .development  ## format the sources
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

docs: .development  ## build the documentation strictly into site/
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

lock: .development  ## resolve requirements/*.txt anew
	@scripts/lock

oldest: .development  ## the tests with the oldest supported versions, in .venv-oldest
	@scripts/oldest

bench: .development  ## every benchmark, by hand, on a quiet machine
	@for file in benchmarks/[a-z]*.py benchmarks/data/[a-z]*.py benchmarks/serving/[a-z]*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

clean:         ## remove what these targets made
	@rm -rf .venv .venv-oldest .platforms $(DEMO) site .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis

.PHONY: .demo .development
.demo .development:
	@scripts/environment $(subst .,,$@)
