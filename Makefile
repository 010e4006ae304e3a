# Prosa. `make help` lists what there is; `make run` is all a newcomer needs.
# Stamps and file times decide what has to be done again, so a second `make run` goes straight to the start.

VENV   := .venv
BIN    := $(VENV)/bin
PYTHON ?= python3 python3.13 python3.12 python3.11 python3.14
ARGS   ?=

# Bytecode is kept, whatever the shell says: without it every process of every test compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE

RUN      := $(VENV)/run.stamp
DEV      := $(VENV)/dev.stamp
NODE     := $(VENV)/node.stamp
MODULES  := node_modules/.stamp
FRONT    := static/build/.stamp
SOURCES  := $(shell find static -path static/build -prune -o -type f -print 2>/dev/null) $(wildcard package.json *.mjs)
MESSAGES := $(patsubst %.po,%.mo,$(wildcard translations/*/LC_MESSAGES/*.po))

# npm: the system's when its Node.js is new enough, else the one that $(NODE) put into the venv.
NPM := PATH="$$( [ -x $(BIN)/npm ] && echo "$(CURDIR)/$(BIN):" )$$PATH" npm

# $(call pip,LOCK): exactly what the lock says, checked by hash; a failure is one line and a log.
define pip
	echo "Installing $(1) …"; \
	$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r $(1) >$(VENV)/pip.log 2>&1 || { \
	  if grep -qE 'from versions: none|NewConnectionError|ConnectionError|Max retries|Temporary failure' $(VENV)/pip.log; then \
	    echo "The Python packages could not be fetched: is this machine online? Then run make again (details: $(VENV)/pip.log)."; \
	  elif grep -qE "fatal error: .*: No such file|gcc.*failed|cc.*failed|Failed building wheel|Failed to build" $(VENV)/pip.log; then \
	    echo "A Python package had to be compiled and could not be: install a compiler and Python's headers (Debian: apt install build-essential python3-dev; macOS: xcode-select --install), then run make again (details: $(VENV)/pip.log)."; \
	  else \
	    echo "The Python packages could not be installed: $$(grep -m1 '^ERROR' $(VENV)/pip.log || tail -n 1 $(VENV)/pip.log) (details: $(VENV)/pip.log)."; \
	  fi; exit 1; }
endef

.DEFAULT_GOAL := help
.PHONY: help run build test unit check bench bench-rivals bench-growth bench-live fire demo screenshots messages \
        lock clean chromium dovecot nginx caddy faketime strace
.DELETE_ON_ERROR:

help: ## list what make can do
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{ printf "%-20s%s\n", $$1, $$2 }'

run: build ## install what is missing, then start everything (PORT=8001 make run for another port)
	@exec $(BIN)/python -m inbox up

build: $(RUN) $(FRONT) $(MESSAGES) ## install, build the front end and the translations, start nothing
	@$(BIN)/python -m compileall -q app.py worker.py inbox portal migrations

test: chromium dovecot nginx caddy faketime strace $(DEV) build check ## everything: style, types, unit, real processes, browser
	@$(BIN)/python -m pytest -n 5 $(BY_FILE) $(ARGS)

unit: $(DEV) build ## the quick tests only, on SQLite (ARGS="-k mail" chooses among them)
	@PROSA_TEST_DATABASES=sqlite $(BIN)/python -m pytest -n 2 $(BY_FILE) -m "not slow and not browser" $(ARGS)

check: $(DEV) build ## style, types, and whether anything became slower than it was
	@$(BIN)/ruff check .
	@$(BIN)/mypy & types=$$!; $(BIN)/python -m benchmarks.regressions; slower=$$?; wait $$types && exit $$slower

# The tests of a file share houses and browsers, so they stay together.
BY_FILE := --dist loadfile --no-loadscope-reorder

bench: dovecot $(DEV) build ## measure the parts, one by one (docs/benchmarks.md)
	@$(BIN)/python -m benchmarks $(ARGS)

bench-rivals: $(DEV) build ## beside django-helpdesk and Roundup, which it installs in places of their own
	@$(BIN)/python -m benchmarks.rivals $(ARGS)

bench-growth: $(DEV) build ## at 1,000, 100,000 and 1,000,000 tickets: 20 GB of disk and an hour
	@$(BIN)/python -m benchmarks.growth $(ARGS)

bench-live: chromium $(DEV) build ## fifty agents before their screens while ten mails a second come in
	@$(BIN)/python -m benchmarks.live $(ARGS)

fire: faketime $(DEV) build ## kill, fill, lock and jump while mail comes and goes: is anything lost?
	@$(BIN)/python -m tests.fire $(ARGS)

demo: build ## start with made-up customers and conversations, and a guided tour
	@exec $(BIN)/python -m inbox demo $(ARGS)

screenshots: chromium $(DEV) build ## draw the README's pictures again
	@$(BIN)/python -m tests.screenshots $(ARGS)

messages: $(RUN) ## gather the product's sentences into translations/*/LC_MESSAGES/messages.po
	@$(BIN)/pybabel -q extract -F babel.cfg $(WORDS) --add-location=file --omit-header -o messages.pot .
	@$(BIN)/pybabel -q update -i messages.pot -d translations --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date -w 100

# What names a sentence besides gettext's own words: marked now, translated where it is shown.
WORDS := -k _l -k lazy_gettext -k N_ -k Unreadable -k ParseError -k SendError -k _fail:2

lock: $(BIN)/python ## pin the newest allowed Python packages into requirements*.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check uv
	@$(LOCK) --upgrade pyproject.toml -o requirements.lock
	@$(LOCK) --upgrade -c requirements.lock --group dev pyproject.toml -o requirements-dev.lock
	@$(LOCK) --upgrade --group pyproject.toml:node -o requirements-node.lock

LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

clean: ## remove what make made (never the data)
	@rm -rf $(VENV) node_modules static/build benchmarks/rivals/.cache $(MESSAGES) .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(BIN)/python:
	@for python in $(PYTHON); do \
	  $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; python=; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "Prosa needs Python 3.11 or newer and found $$($(firstword $(PYTHON)) -V 2>/dev/null || echo none): install it (Debian: apt install python3 python3-venv; macOS: brew install python), or say where it is: make run PYTHON=/path/to/python3."; exit 1; \
	fi; \
	$$python -m venv $(VENV) >/dev/null 2>&1 || { \
	  rm -rf $(VENV); \
	  echo "$$python cannot make virtual environments: install its venv module (Debian: apt install python3-venv), then run make again."; exit 1; }

$(RUN): requirements.lock | $(BIN)/python
	@$(call pip,requirements.lock)
	@touch $@

$(DEV): requirements-dev.lock $(RUN)
	@$(call pip,requirements-dev.lock)
	@touch $@

$(NODE): requirements-node.lock | $(BIN)/python
	@if command -v npm >/dev/null && node -e 'process.exit(+(parseInt(process.versions.node) < 20))' 2>/dev/null; then :; \
	else $(call pip,requirements-node.lock); fi
	@touch $@

$(MODULES): package-lock.json $(NODE)
	@echo "Installing package-lock.json …"
	@$(NPM) ci --no-audit --no-fund --loglevel=error >$(VENV)/npm.log 2>&1 || { \
	  echo "The front end's packages could not be installed: is this machine online? Then run make again (details: $(VENV)/npm.log)."; exit 1; }
	@touch $@

$(FRONT): $(MODULES) $(SOURCES)
	@echo "Building the front end …"
	@$(NPM) run build --silent >$(VENV)/build.log 2>&1 || { \
	  cat $(VENV)/build.log; echo "The front end could not be built: mend what is named above, then run make again."; exit 1; }
	@mkdir -p $(@D) && touch $@

%.mo: %.po $(RUN)
	@$(BIN)/pybabel -q compile -i $< -o $@

# What the tests talk to: as root on Debian it is installed, elsewhere it is named and its tests skip.
# $(call peer,A COMMAND OF IT,ITS DEBIAN PACKAGES,WHAT SKIPS WITHOUT IT,HOW TO GET IT ON MACOS)
define peer
	@PATH="$$PATH:/usr/sbin:/sbin:/usr/local/sbin:/usr/lib/dovecot"; \
	for one in $(1); do command -v "$$one" >/dev/null && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing $(firstword $(2)) …"; \
	  { apt-get -qq update && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $(2); } >/dev/null 2>&1 && exit 0; \
	fi; \
	echo "$(3) will be skipped: no $@ (Debian: apt install $(2); macOS: $(4))."
endef

MAC_APPS := /Applications
CHROMIUM := chromium chromium-browser google-chrome \
            "$(MAC_APPS)/Chromium.app/Contents/MacOS/Chromium" "$(MAC_APPS)/Google Chrome.app/Contents/MacOS/Google Chrome"

chromium:
	$(call peer,$(CHROMIUM),chromium chromium-headless-shell fonts-liberation,The browser tests,brew install --cask chromium)

dovecot: # with POP3 too: a test server of its own, with settings and ports of its own
	$(call peer,$(if $(wildcard /usr/lib/dovecot),pop3,dovecot),dovecot-imapd dovecot-pop3d,The tests of fetched mail,brew install dovecot)

nginx:
	$(call peer,nginx,nginx-light,The tests of its example,brew install nginx)

caddy:
	$(call peer,caddy,caddy,The tests of its example,brew install caddy)

faketime:
	$(call peer,faketime,faketime,The tests of clocks that jump,brew install libfaketime)

strace:
	$(call peer,strace,strace,Watching what is synced before it is acknowledged,strace is for Linux only)
