# SPDX-License-Identifier: Apache-2.0
"""Sending to recipients. What is imported here reaches the network only when something is sent.

message   what can be sent, and the names of files; pure
job       one message for one recipient; pure
failure   why it was not sent, in a sentence that a person can act on
postman   sends, in an event loop of its own, and imports the module of a type when it is first needed
trust     TLS
blocking  protocols of the standard library that block, in threads that can be cut off
http (with digest), mail (with pop), tcp, ftp, sftp, share   the ways to send
"""
