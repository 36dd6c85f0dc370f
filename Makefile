# One command each to run, check and measure. A fresh machine needs Python 3.11 or newer and make.
.DEFAULT_GOAL := help
.PHONY: help demo test lint audit bench manage requirements

PORT ?= 8000
RESET ?=
VERBOSE ?=
ARGS ?=

VENV := .venv
PY := $(VENV)/bin/python
UV := $(VENV)/bin/uv
LOCAL := $(PY) -m companyos.local
# Of no interest to the caller's shell: a PYTHONPATH or an activated environment would mix in other packages.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV

help: ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## the whole product on this machine, until Ctrl-C (PORT=8000, RESET=1 starts over, VERBOSE=1)
	@$(LOCAL) demo --port $(PORT) $(if $(RESET),--reset) $(if $(VERBOSE),--verbose)

test: $(VENV)/.dev ## the whole test suite (ARGS="tests/sla -k pause")
	@$(LOCAL) tools
	@$(PY) -m pytest -n 2 --dist loadgroup $(ARGS)

# As in production, so that `check --deploy` sees what a deployment would.
PRODUCTION := DEBUG=0 ALLOWED_HOSTS=support.example.com CSRF_TRUSTED_ORIGINS=https://support.example.com \
	SECRET_KEY=lint-lint-lint-0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ-abcdefghijkl FIELD_KEYS=lint AUDIT_KEYS=lint BEHIND_PROXY=1

lint: $(VENV)/.dev ## style, imports, types, templates, Django's own checks, missing migrations
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(VENV)/bin/lint-imports
	$(LOCAL) run --profile test -- $(PY) manage.py check
	$(LOCAL) run --profile test -- env $(PRODUCTION) $(PY) -W error::RuntimeWarning manage.py check --deploy --fail-level WARNING
	$(LOCAL) run --profile test -- $(PY) manage.py makemigrations --check --dry-run
	$(PY) -m djlint templates --lint --quiet
	$(LOCAL) run --profile test -- $(PY) -m mypy

# What is deployed, by its pins alone: neither this environment nor the development tools are asked about.
audit: $(VENV)/.dev ## known vulnerabilities in the pinned packages (needs the network)
	@$(PY) requirements/audit.py requirements/base.txt

bench: $(VENV)/.dev ## measure (ARGS="--json NAME")
	@$(LOCAL) run --profile test -- $(PY) -m benchmarks $(ARGS)

manage: $(VENV)/.demo ## any management command against the demo's data (ARGS="verify_clocks")
	@$(LOCAL) run --port $(PORT) -- $(PY) manage.py $(ARGS)

# ── Set-up ───────────────────────────────────────────────────────────────────
# The stamps are as new as the installed requirements; dev holds all of demo.
$(VENV)/.demo: requirements/demo.txt $(VENV)/.uv
	@$(call install,demo)
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.uv
	@$(call install,dev)
	@touch $@ $(VENV)/.demo

# pip takes over where uv can't get at the packages, because only pip's own configuration names the mirror.
install = echo "Installing the pinned packages …"; \
	$(UV) pip install --quiet --compile-bytecode --python $(PY) --require-hashes -r requirements/$(1).txt 2>$(VENV)/uv.log \
	|| $(PY) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/$(1).txt \
	|| { cat $(VENV)/uv.log >&2; exit 1; }

FIND_PYTHON = for p in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; p=; done; \
	[ -n "$$p" ] || { echo "CompanyOS needs Python 3.11 or newer; none of python3, python3.11 … python3.14 is one." >&2; exit 1; }

# A half-made environment (an interrupted first run, a Python that was removed) is made again.
$(VENV)/.uv: requirements/uv.txt
	@if ! $(PY) -m pip --version >/dev/null 2>&1; then \
		$(FIND_PYTHON); \
		echo "Making $(VENV) with $$("$$p" --version) …"; \
		"$$p" -m venv --clear $(VENV); \
	fi
	@$(PY) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

# ── Pins ─────────────────────────────────────────────────────────────────────
# One set of versions for every supported Python; demo and base repeat what dev has. UPGRADE=1 takes the newest.
COMPILE = UV_CUSTOM_COMPILE_COMMAND="make requirements" $(UV) pip compile --quiet --universal --python-version 3.11 \
	--fork-strategy fewest --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate $(if $(UPGRADE),--upgrade)

requirements: $(VENV)/.uv ## compile requirements/*.txt from pyproject.toml (UPGRADE=1 takes the newest)
	$(COMPILE) --group pyproject.toml:dev pyproject.toml -o requirements/dev.txt
	$(COMPILE) --group pyproject.toml:demo -c requirements/dev.txt pyproject.toml -o requirements/demo.txt
	$(COMPILE) -c requirements/dev.txt pyproject.toml -o requirements/base.txt
	$(COMPILE) --group pyproject.toml:uv -o requirements/uv.txt
