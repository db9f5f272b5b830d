# SPDX-License-Identifier: Apache-2.0
"""The event stream of VAPIX over RTSP (RFC 2326): one metadata stream, by UDP or within the RTSP connection."""
