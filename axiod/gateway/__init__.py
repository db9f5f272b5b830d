# SPDX-License-Identifier: Apache-2.0
"""axiod-gateway: VAPIX, REST and event streams. A thin D-Bus client: no rule of the system lives here.

daemon       the main loop; context: what every part is given; parts: all parts with their routes
mirror       what the services have, kept beside them: what is read is read here
acting       the one way to change something; audit: and what is written of it
server       what listens (listening, certificate, tls) and what comes in (incoming), within limits
app          the routes behind one door, and an answer to everything that goes wrong (problem); access_log
door         who may enter: login (digest, nonces, accounts), sessions and session, origin; person: who it is
vapix, rest, rtsp   what is answered
outbox       what waits for one client of a stream; clients: who is connected
"""
