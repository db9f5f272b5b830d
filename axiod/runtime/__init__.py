# SPDX-License-Identifier: Apache-2.0
"""What every daemon shares that is not D-Bus.

app      the main loop: ready, status, watchdog, reload, stop, exit codes
config   /etc/axiod/*.yaml -> a frozen dataclass
store    settings that were acknowledged, as YAML, with the generation before
state    counters, last states and timers, in SQLite
fds      file descriptors that outlive the process, kept by systemd
log      lines that the journal understands
"""
