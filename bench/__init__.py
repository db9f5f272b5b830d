# SPDX-License-Identifier: Apache-2.0
"""What axiod costs, beside a reference in the same run: `make bench`, or `python -m bench --help`.

One file for each question; docs/performance.md says what each figure means.

calls, pipeline, managed, burst   beside the same interface in C on sd-bus (reference/service.c)
edges                             beside the signal leg alone, from that C service to the same client
start, memory                     beside a Python interpreter that has imported asyncio and nothing else

figure    what a figure is, rounds in random order
machine   a private bus and the daemons on it
peers     the C service, the C load generator, the service of burst
table     the table
"""
