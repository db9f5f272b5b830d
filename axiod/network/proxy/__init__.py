# SPDX-License-Identifier: Apache-2.0
"""The global proxies: by which the services that send reach web servers beyond the network."""
