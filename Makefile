# make run    the whole device on a private bus, with a simulated board
# make test   everything that CI runs
# make bench  figures, ours beside a C service
# make docs   write the generated pages and the man page anew
#
# Each installs what it needs (Debian packages with apt, Python packages from PyPI into .venv), says so, and can be run
# again. PYTHON chooses the interpreter, 3.11 to 3.13; STATE_DIR says where `make run` keeps what was configured.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
SUDO   := $(if $(filter 0,$(shell id -u)),,sudo)

APT_RUN  := python3-venv python3-dev gcc libc6-dev pkg-config libsystemd-dev dbus systemd
APT_TEST := $(APT_RUN) make git util-linux man-db groff bash-completion

.PHONY: help run test lint pytest bench docs lock clean apt-run apt-test

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile

run: $(VENV)/.run
	@$(BIN)/python -m axiod.sim.device $(if $(STATE_DIR),--state-dir "$(STATE_DIR)")

test: lint pytest

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The whole suite on dbus-fast, and once more on dbus-next all that talks on a bus.
pytest: $(VENV)/.test
	$(MAKE) --no-print-directory -C bench/reference
	AXIOD_DBUS_LIBRARY=dbus-next $(BIN)/pytest -q tests/bus tests/io tests/relays tests/sim tests/cli \
	  tests/system/test_daemon.py
	AXIOD_DBUS_LIBRARY=dbus-fast $(BIN)/pytest

bench: $(VENV)/.test
	$(MAKE) --no-print-directory -C bench/reference
	$(BIN)/python -m bench $(BENCH)

docs: $(VENV)/.test
	$(BIN)/python -m axiod.bus.reference docs/dbus
	$(BIN)/python -m axiod.cli.manpage > docs/man/axioctl.1

# Publishes a change of the contract: look at the difference before you commit it.
lock: $(VENV)/.test
	$(BIN)/python -m tests.interfaces.lock

clean:
	rm -rf $(VENV) bench/build build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

# --- what is needed ---

$(VENV)/.run: setup.cfg Makefile
	@$(MAKE) --no-print-directory apt-run
	@$(MAKE) --no-print-directory $(BIN)/python
	@echo "axiod: installing the Python packages that it runs with into $(VENV)"
	@$(BIN)/pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.test: setup.cfg Makefile
	@$(MAKE) --no-print-directory apt-test
	@$(MAKE) --no-print-directory $(BIN)/python
	@echo "axiod: installing the Python packages that it is tested with into $(VENV)"
	@$(BIN)/pip install --quiet --disable-pip-version-check -e '.[test,dbus-next]'
	@touch $@ $(VENV)/.run

$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if v >= (3, 11) else \
	  "axiod needs Python 3.11 or newer; this is %d.%d. Try: make PYTHON=python3.12 ..." % v)'
	@echo "axiod: making a virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)

apt-run: APT := $(APT_RUN)
apt-test: APT := $(APT_TEST)
apt-run apt-test:
	@missing=""; for p in $(APT); do \
	  dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
	  command -v apt-get >/dev/null || { echo "axiod: install these (this is no Debian, so do it by hand):$$missing"; exit 1; }; \
	  echo "axiod: installing the Debian packages$$missing"; \
	  $(SUDO) apt-get -qq update && \
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $$missing >/dev/null; fi
