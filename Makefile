# make run    the whole device on a private bus, with a simulated board
# make test   everything that CI runs
# make test-machine  the installed packages in real Debian guests, thoroughly (an hour)
# make test-arm64    the same on emulated arm64, without containers
# make deb    the Debian packages, built in a clean Debian 13, into build/deb
# make bench  figures, ours beside a C service
# make screenshots  every view of the web page, on a desktop and a phone, light and dark, into build/screenshots
# make docs   write the generated pages and the man page anew
#
# Each installs what it needs (Debian packages with apt, Python packages from PyPI into .venv), says so, and can be run
# again. PYTHON chooses the interpreter, 3.11 to 3.13; STATE_DIR says where `make run` keeps what was configured, and
# HTTP_PORT, HTTPS_PORT and RTSP_PORT where it is reached (on this machine alone).

PYTHON ?= python3
VENV   ?= .venv
HTTP_PORT  ?= 8080
HTTPS_PORT ?= 8443
RTSP_PORT  ?= 8554
BIN    := $(VENV)/bin
# Tests that wait more than they work, in two processes: each takes one file after the other.
SHARED := $(BIN)/pytest --numprocesses=2 --dist=loadfile
# What failed, once more and alone: only what fails then, too, counts. Both are shown, and what passed now is named.
AGAIN  := $(BIN)/pytest --last-failed --last-failed-no-failures=none -rfEsp
# What is tested on both D-Bus libraries.
TALK   := tests/bus tests/io tests/relays tests/sim tests/cli tests/system/test_daemon.py tests/system1/test_access.py \
          tests/system1/test_settings.py tests/gateway/test_mirror.py tests/gateway/test_acting.py
SUDO   := $(if $(filter 0,$(shell id -u)),,sudo)
# What guests are told by the environment must get past sudo.
TOLD   := --preserve-env=AXIOD_MACHINE_MIRROR,AXIOD_MACHINE_SECURITY_MIRROR,AXIOD_MACHINE_CACHE,AXIOD_MACHINE_UNTIL,AXIOD_ROUNDS
GUEST_SUDO := $(if $(SUDO),sudo $(TOLD))

APT_RUN  := python3-venv python3-dev gcc libc6-dev pkg-config libsystemd-dev dbus systemd
# Peers that tests start for themselves, each with its own configuration and port.
APT_PEERS := avahi-daemon avahi-utils bind9 bind9-dnsutils dnsmasq-base dovecot-core dovecot-pop3d faketime freeradius gupnp-tools hostapd \
             iproute2 libmodbus-dev lighttpd lldpd mbpoll mosquitto mosquitto-clients network-manager nftables \
             openssh-client openssh-server samba smbclient socat tinyproxy wpasupplicant
APT_TEST := $(APT_RUN) make git util-linux man-db groff bash-completion chromium curl openssl $(APT_PEERS)
APT_BENCH := wrk mosquitto mbpoll
APT_DEB  := mmdebstrap dpkg-dev git util-linux debian-archive-keyring
QEMU     := $(if $(filter x86_64,$(shell uname -m)),qemu-system-x86,qemu-system-arm)
APT_MACHINE := $(APT_DEB) systemd-container $(QEMU) qemu-utils e2fsprogs openssh-client
APT_FOREIGN := $(APT_MACHINE) qemu-system-arm qemu-user-static
# What dpkg asks whether it may start a service that it installed: nobody wants those servers on his machine.
POLICY  := /usr/sbin/policy-rc.d
ALL_APT := apt-run apt-test apt-bench apt-deb apt-machine apt-foreign

.PHONY: help run test lint pytest alone beside test-machine test-arm64 machine deb bench screenshots docs lock clean $(ALL_APT)

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile

run: $(VENV)/.run
	@$(BIN)/python -m axiod.sim.device $(if $(STATE_DIR),--state-dir "$(STATE_DIR)") \
	  --http-port $(HTTP_PORT) --https-port $(HTTPS_PORT) --rtsp-port $(RTSP_PORT)

# One part after the other, because they take both processors already; one that fails does not keep the others from being
# heard.
test: $(VENV)/.test apt-machine
	@$(MAKE) --no-print-directory --keep-going lint alone beside machine

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

pytest: alone beside

# The whole suite on dbus-fast, and once more on dbus-next all that talks on a bus: first what is marked "alone", one
# test after the other; then the rest.
alone: $(VENV)/.test
	status=0; AXIOD_DBUS_LIBRARY=dbus-next $(BIN)/pytest -q -m alone $(TALK) || status=1; \
	AXIOD_DBUS_LIBRARY=dbus-fast $(BIN)/pytest -q -m alone || status=1; exit $$status

beside: $(VENV)/.test
	$(MAKE) --no-print-directory -C bench/reference
	status=0; export AXIOD_DBUS_LIBRARY; \
	AXIOD_DBUS_LIBRARY=dbus-next; \
	$(SHARED) -q -m "not alone" $(TALK) || $(AGAIN) -m "not alone" $(TALK) || status=1; \
	AXIOD_DBUS_LIBRARY=dbus-fast; \
	$(SHARED) -m "not alone" || $(AGAIN) -m "not alone" || status=1; exit $$status

# The installed packages in guests, as far as CI has time. What cannot run on this machine is named with the reason. One
# guest at a time: an emulated machine takes both processors.
machine: $(VENV)/.test apt-machine
	$(GUEST_SUDO) $(BIN)/pytest tests/machine --machine=possible || \
	$(GUEST_SUDO) $(AGAIN) tests/machine --machine=possible

test-machine: $(VENV)/.test apt-machine
	AXIOD_ROUNDS=100 $(GUEST_SUDO) $(BIN)/pytest tests/machine --machine=all

test-arm64: $(VENV)/.test apt-foreign
	$(GUEST_SUDO) $(BIN)/pytest tests/machine --machine=vm --arch=arm64

deb: apt-deb
	$(GUEST_SUDO) tests/machine/build-deb.sh build/deb
	$(GUEST_SUDO) tests/machine/build-lintian.sh build/deb

bench: $(VENV)/.test apt-bench
	$(MAKE) --no-print-directory -C bench/reference
	$(BIN)/python -m bench $(BENCH)

screenshots: $(VENV)/.test
	$(BIN)/python -m tests.web.screenshots build/screenshots

docs: $(VENV)/.test
	$(BIN)/python -m axiod.bus.reference docs/dbus
	$(BIN)/python -m axiod.bus.policy dbus-policy
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
apt-test: NO_START := yes
apt-bench: APT := $(APT_BENCH)
apt-bench: NO_START := yes
apt-deb: APT := $(APT_DEB)
apt-machine: APT := $(APT_MACHINE)
apt-foreign: APT := $(APT_FOREIGN)
$(ALL_APT):
	@missing=""; for p in $(APT); do \
	  dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
	  command -v apt-get >/dev/null || { echo "axiod: install these (this is no Debian, so do it by hand):$$missing"; exit 1; }; \
	  echo "axiod: installing the Debian packages$$missing"; \
	  if [ -n "$(NO_START)" ] && [ ! -e $(POLICY) ]; then trap '$(SUDO) rm -f $(POLICY)' EXIT INT TERM; \
	    printf '#!/bin/sh\n# While make installs packages of axiod: no service is started. Remove this if no make runs.\nexit 101\n' | \
	      $(SUDO) tee $(POLICY) >/dev/null && $(SUDO) chmod 755 $(POLICY); fi; \
	  $(SUDO) apt-get -qq update && \
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $$missing >/dev/null; fi
