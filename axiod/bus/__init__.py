# SPDX-License-Identifier: Apache-2.0
"""D-Bus, and nothing about relays: the contract in XML on one side, plain Python objects on the other.

_lib         the only import of the D-Bus library
writer       what is sent waits here while the bus does not take it
connection   one connection: calls with a time limit, signals, names
interface    the contract: XML -> Interface
signature    D-Bus types <-> Python types
arguments    values held against the contract: ranges, values, options
caller       who calls: credentials -> role
freshness    whether a command may have waited too long
exported     one interface of one object: methods ready to be called, properties as they were told
server       objects on the bus: dispatch, properties, object manager, introspection
service      what stands at the root of every service: Service1 and EventSource1
client       other services, seen from here
comments     what the contract says of its members
reference    the contract as Markdown
policy       the contract as bus policies
generated    writes what the two make
variant      values of any type, as the D-Bus library wraps them
"""
