# The commands of the project; `make` alone lists them. They need Python 3.11 or later, and make.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin

# For the checks: the settings of a production site, with a new secret key.
PRODUCTION := ENV_FILE= DEBUG=false SECRET_KEY=$$($(BIN)/python -c "import secrets; print(secrets.token_urlsafe(64))") \
	ALLOWED_HOSTS=rare.example.org DATABASE_URL=sqlite:///check.sqlite3

# Tests of one file stay on one core, in the order of the folders: the slow browser tests begin. Eight browsers are enough.
ALL_CORES := --numprocesses auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder

# One file of requirements for every Python from 3.11 on and every system, each package with its hashes.
COMPILE := $(BIN)/uv pip compile --quiet --upgrade --python $(BIN)/python --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make update"

.PHONY: help run install test test-postgresql test-postgresql-all coverage update bench bench-search bench-serving bench-sitemap bench-suggestions screenshots icons check format clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 18

run: .venv/runtime ## set up and serve the site with sample content on 127.0.0.1 (PORT=8000)
	@$(PYTHON) -c "import socket; s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('127.0.0.1', $(PORT)))" 2>/dev/null \
		|| { echo "Port $(PORT) is taken. Choose another: make run PORT=8001"; exit 1; }
	@test -e .env || sed "s/^SECRET_KEY=.*/SECRET_KEY=$$($(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(64))')/" .env.example > .env
	@echo "Bringing the database up to date ..."
	@$(BIN)/python manage.py migrate --verbosity 0
	@echo "Bringing the search index up to date ..."
	@$(BIN)/python manage.py reindex --if-needed >/dev/null
	@$(BIN)/python manage.py prepare_demo --address http://127.0.0.1:$(PORT)
	@$(BIN)/python manage.py run_jobs --watch & trap "kill $$! 2>/dev/null || true" EXIT; \
		DJANGO_RUNSERVER_HIDE_WARNING=true $(BIN)/python manage.py runserver --noreload --skip-checks 127.0.0.1:$(PORT)

install: .venv/development ## set up .venv with all packages for the site and its tests

test: .venv/development ## set up and pass the tests on SQLite, on all cores (browser tests where there is a Chromium)
	$(BIN)/python -m pytest $(ALL_CORES)

test-postgresql: .venv/development ## the tests that PostgreSQL could answer differently (TEST_DATABASE_URL=postgres://…)
	$(BIN)/python -m pytest $(ALL_CORES) -m "database and not browser"

test-postgresql-all: .venv/development ## all tests but those with a browser, on PostgreSQL
	$(BIN)/python -m pytest $(ALL_CORES) -m "not browser"

coverage: .venv/development ## which lines and branches the tests run, without the browser tests
	$(BIN)/python -m pytest $(ALL_CORES) -m "not browser" --cov --cov-branch --cov-report=term:skip-covered

update: .venv/development ## update requirements*.txt to the newest packages that requirements*.in allows
	$(COMPILE) --output-file requirements.txt requirements.in
	$(COMPILE) --output-file requirements-dev.txt requirements-dev.in

bench: .venv/development ## CPU times at 200 and 20,000 diseases, into docs/performance.md
	$(BIN)/python -m tests.bench.run

bench-search: .venv/development ## how well and how fast the search finds 9,784 diseases, into docs/performance.md
	$(BIN)/python -m tests.bench.search

bench-serving: .venv/development ## how fast the site is served, beside plain Django, into docs/performance.md
	$(BIN)/python -m tests.bench.serving

bench-sitemap: .venv/development ## CPU times of the sitemap at 20,000 diseases, into docs/performance.md
	$(BIN)/python -m tests.bench.sitemap

bench-suggestions: .venv/development ## how long readers wait while a program posts suggestions, into docs/performance.md
	$(BIN)/python -m tests.bench.suggestions

screenshots: .venv/development ## make the pictures of docs/editors.md and the README, in a temporary site
	$(BIN)/python -m docs.take_screenshots

icons: .venv/development ## draw the icons in static/icons/ from static/favicon.svg
	$(BIN)/python -m docs.draw_icons

check: .venv/development ## run all checks of CI
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/djhtml --tabwidth 2 --check templates
	$(BIN)/mypy
	$(BIN)/python -m tests.names
	$(PRODUCTION) $(BIN)/python manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(PRODUCTION) $(BIN)/python -W error::UserWarning manage.py collectstatic --verbosity 0 --no-input --clear
	env -u TEST_DATABASE_URL $(MAKE) test
	@if [ -n "$${TEST_DATABASE_URL:-}" ]; then $(MAKE) test-postgresql; \
	elif [ -n "$${REQUIRE_POSTGRESQL:-}" ]; then echo "TEST_DATABASE_URL is not set, and PostgreSQL is required."; exit 1; \
	else echo "SKIPPED: the tests on PostgreSQL. Set TEST_DATABASE_URL to run them."; fi

format: .venv/development ## format code and templates
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djhtml --tabwidth 2 templates

clean: ## remove what the other targets made, except the database and .env
	rm -rf .venv staticfiles test-results .pytest_cache .mypy_cache .ruff_cache .hypothesis test*.sqlite3* check.sqlite3* .coverage*
	find . -name __pycache__ -prune -exec rm -rf {} +

# pip accepts only files whose hash is in requirements*.txt. During an installation `.venv/complete` is missing: if it
# was interrupted, or if the Python of .venv is gone, the next call makes a new .venv.
define install
	@rm -f .venv/complete
	@echo "Installing the packages of $(1) into .venv (one to two minutes the first time):"
	@$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r $(1) | while read -r word what rest; do \
		case "$$word $$what" in \
			"Installing collected") printf '\nUnpacking them (up to a minute) ...' ;; \
			"Collecting "*) printf ' %s' "$${what%%=*}" ;; \
		esac; \
	done; echo
	@touch .venv/complete $(2)
endef

.venv/complete:
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" \
		|| { echo "Python 3.11 or later is needed, and $(PYTHON) is not. If you have one, name it: make $(MAKECMDGOALS) PYTHON=python3.11"; exit 1; } >&2
	@echo "Making .venv, the folder for the packages (some seconds) ..."
	@$(PYTHON) -m venv --clear .venv || { echo "\"$(PYTHON) -m venv\" failed." \
		"On Debian and Ubuntu it needs the package python3-venv: sudo apt install python3-venv"; exit 1; } >&2
	@touch $@

# If the Python of .venv does not work, make this target although the file exists.
ifeq ($(shell $(BIN)/python -c "import pip; print('works')" 2>/dev/null),)
.PHONY: .venv/complete
endif

.venv/runtime: requirements.txt .venv/complete
	$(call install,requirements.txt,$@)

.venv/development: requirements-dev.txt .venv/complete
	$(call install,requirements-dev.txt,.venv/runtime $@)
