# Rivalry's commands. Each sets up .venv first, with uv where there is one, else with venv and pip.

PYTHON ?= python3
JOBS ?= 2
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

# Test processes share the cores; threads of their own would only get in each other's way.
PYTEST = OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS)

.DEFAULT_GOAL := help
.PHONY: help quickstart test test-gpu check format docs bench bench-gpu lock

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

quickstart: $(INSTALLED) ## Train a small network on drawn pictures and name its neurons (minutes, no download)
	$(BIN)/rivalry fit --config configs/quickstart.yaml

test: $(INSTALLED) ## Run the quick tests
	$(PYTEST) -m "not slow and not gpu"

check: $(INSTALLED) ## Run all that CI runs: format, lint, types, floors, every test, config and notebook
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) -m "not gpu"

format: $(INSTALLED) ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(INSTALLED) ## Write docs/configuration.md anew from the signatures, and the tables of docs/speed.md
	$(BIN)/python docs/configuration.py
	$(BIN)/python docs/speed.py

bench: $(INSTALLED) ## Measure speed and memory beside the plain ways, on the CPU, into benchmarks/results
	$(BIN)/python benchmarks/speed.py

bench-gpu: $(INSTALLED) ## The same on the GPU
	$(BIN)/python benchmarks/speed.py --device cuda

test-gpu: $(INSTALLED) ## Run the tests that need a GPU
	$(BIN)/python -m pytest -m gpu

# What is installed is what the lock says, hash for hash, and this checkout, by the build backend that is in the lock.
$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Rivalry needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
	       "Name another one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@if command -v uv >/dev/null; then \
	  set -ex; \
	  uv venv --quiet --allow-existing --python "$(PYTHON)" $(VENV); \
	  uv pip sync --python $(BIN)/python --require-hashes requirements.lock; \
	  uv pip install --python $(BIN)/python --no-deps --no-build-isolation --editable .; \
	else \
	  set -ex; \
	  "$(PYTHON)" -m venv $(VENV); \
	  $(BIN)/python -m pip install --require-hashes --requirement requirements.lock; \
	  $(BIN)/python -m pip install --no-deps --no-build-isolation --editable .; \
	fi
	@touch $@

lock: ## Pin the newest versions in requirements.lock, with uv; run make check after it
	uv pip compile --universal --python-version 3.11 --extra dev --extra notebooks --extra onnx --extra dashboard --upgrade \
	  --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock" pyproject.toml \
	  -o requirements.lock
