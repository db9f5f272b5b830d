# SPDX-License-Identifier: Apache-2.0
"""Digital lines, analogue channels, and what makes an input or an output of a line.

Pure (time is an argument):
debounce   a level counts when it was held
throttle   changes faster than a client can use are told in one word
sequence   pulses and sequences
adoption   where an output stands when its line is taken

The world:
lines      what a line is, whoever provides it
kernel     lines of the Linux kernel: libgpiod to request, the GPIO v2 ioctls on the file descriptor from then on
simulated  lines and ADC channels of the simulated world
protocol   what is spoken on the socket between the two
adc        analogue channels: of Linux IIO or simulated, as the board profile says
board      lines: of the kernel or simulated, as the board profile says
held       one line, ours across restarts
keeper     takes the lines of a service, and tries again for those that cannot be had
input      one digital input: every edge counts once
output     one output: commands in order, pulses, sequences
memory     what is on disk of an output
fail_safe  puts outputs where their failure policy says
"""
