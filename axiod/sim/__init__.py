# SPDX-License-Identifier: Apache-2.0
"""The simulated world: a process of its own that plays the board, the wires and the contacts.

world     the electricity (pure)
lines     lines and ADC channels as file descriptors
play      bounce and square waves
service   org.axiod.sim1 on the bus
device    the whole device on a private bus: the bus, the world, the services, and the part of systemd
"""
