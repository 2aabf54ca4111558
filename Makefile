# Bare `make` lists the targets. Everything is installed into .venv; nothing outside this folder is touched.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
WORKERS ?= 2

.DEFAULT_GOAL := help

help: ## Lists the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

serve: $(VENV)/.installed web ## Installs what is missing and runs the server on http://127.0.0.1:8410
	@exec $(BIN)/tenfour serve

demo: $(VENV)/.installed web ## The same, with two accounts and a chat to try
	@exec $(BIN)/tenfour serve --demo

web: $(BIN)/python ## Builds the web client into the package, where its sources changed
	@$(BIN)/python tools/build_web.py

test: $(VENV)/.installed-dev node-tools web chromium ## Runs the tests; SLOW=1 (and CI) runs the slow ones too
	@$(if $(SLOW),TENFOUR_SLOW=1 )$(BIN)/python tools/node.py run test --workspaces --if-present
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(if $(SLOW)$(CI),,-m "not slow") $(ARGS)

check: $(VENV)/.installed-dev node-tools web ## Lint, format, types, layers, documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python tools/make_docs.py --check
	$(BIN)/python tools/make_sdk.py --check
	$(BIN)/python tools/make_debug.py --check
	$(BIN)/python tools/check_text.py
	$(BIN)/python tools/node.py run check --workspaces --include-workspace-root --if-present
	$(BIN)/python tools/node.py run check:api-types --workspace web
	$(BIN)/python tools/node.py run budget --workspace web

format: $(VENV)/.installed-dev node-tools ## Puts the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python tools/node.py run format

docs: $(VENV)/.installed-dev ## Makes the reference pages and the SDK's types from the code
	$(BIN)/python tools/make_docs.py
	$(BIN)/python tools/make_sdk.py
	$(BIN)/python tools/make_debug.py

doctor-matrix: $(VENV)/.installed-dev ## Writes what the doctor says of each staged cause, docs/reference/doctor-matrix.md
	TENFOUR_MATRIX=write $(BIN)/python -m pytest tests/doctor -m cause $(ARGS)
	TENFOUR_MATRIX=write $(BIN)/python -m pytest tests/doctor/test_matrix.py

bench: $(VENV)/.installed ## Runs the benchmarks: about an hour on two idle cores; ARGS="fanout --repetitions 1" for less
	$(MAKE) -C benchmarks
	cd benchmarks/peers/socketio && npm ci --no-audit --no-fund
	$(BIN)/python benchmarks/run.py $(ARGS)

proof: $(VENV)/.installed-dev ## The long proofs: many rounds of kill -9, reconnects and faults
	TENFOUR_PROOF=1 TENFOUR_REQUIRE_ALL=1 $(BIN)/python -m pytest -m slow --timeout 3600 $(ARGS)

pictures: $(VENV)/.installed-dev node-tools web ## Takes the pictures of the web client, docs/pictures
	@$(BIN)/python tools/take_pictures.py

test-tools: ## Installs what some tests need beside Python: a C compiler, Node, Chromium, proxies, PostgreSQL (Debian, as root)
	@for tool in cc:gcc npm:npm node:nodejs chromium:chromium nginx:nginx-light haproxy:haproxy caddy:caddy apache2:apache2-bin; do \
	  command -v $${tool%%:*} >/dev/null || missing="$$missing $${tool##*:}"; \
	done; \
	if [ -n "$$missing" ]; then apt-get update -qq && apt-get install -y -qq --no-install-recommends libc6-dev $$missing; fi
	@# Debian's package would make a database of its own and run it: the tests make theirs.
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { \
	  mkdir -p /etc/postgresql-common && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf && \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold postgresql; }

# Before the client is built, so that its packages are installed once.
node-tools: $(BIN)/python
	@$(BIN)/python tools/node.py

# The browser of the end-to-end tests, where this may install it; elsewhere they are skipped by its name.
chromium:
	@command -v chromium >/dev/null || ! command -v apt-get >/dev/null || [ "$$(id -u)" != 0 ] || { echo "Installing Chromium …"; apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; }

pins: ## Pins the newest versions of all dependencies
	$(PYTHON) tools/pin.py

clean: ## Removes what the other targets made, but no data
	rm -rf $(VENV) .tools/node node_modules src/tenfour/web .mypy_cache .ruff_cache .pytest_cache .hypothesis .schemathesis .import_linter_cache build dist
	$(MAKE) -C benchmarks clean

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tenfour needs Python 3.11 or newer; name one by: make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "This Python cannot make virtual environments; on Debian: apt-get install python3-venv"; exit 1; }
	@echo "Making the virtual environment in $(VENV) …"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing …"
	@$(PIP) install -r requirements.txt
	@$(PIP) install --no-deps --editable .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@$(PIP) install -r requirements-dev.txt
	@touch $@

.PHONY: help serve demo web node-tools chromium test check format docs bench proof pictures test-tools pins clean
