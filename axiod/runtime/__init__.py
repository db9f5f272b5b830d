# SPDX-License-Identifier: Apache-2.0
"""What every daemon shares that is not D-Bus.

options    the command line
app        the main loop: ready, status, watchdog, reload, stop, exit codes
fail_safe  the other end: it could not be kept alive, and its outputs go where their failure policy says
config     /etc/axiod/*.yaml -> a frozen dataclass
board      the board that it runs with
store      settings that were acknowledged, as YAML, with the generation before
named      a file of things that were added, each with an id
state      counters, last states and timers, in SQLite
fds        file descriptors that outlive the process, kept by systemd
workshop   work in a process of its own; worker is its other side
watchdog   tells systemd that the event loop turns
log        lines that the journal understands
"""
