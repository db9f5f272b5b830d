# SPDX-License-Identifier: Apache-2.0
"""axioctl: the services of axiod from a command line. A thin D-Bus client: no rule of the system lives here."""
