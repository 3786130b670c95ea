"""Dialects: other ways of asking the same server, one file each: the contracts of clouds, and KServe's older protocol.

A dialect is a thin translation at the door: `read` turns a body into the server's own form before anything looks at it, `write` turns
the answer. Contract, refusals, routing, log and metrics are those of every other request. Each file offers three functions of
the environment: `dialect` makes the Dialect, `is_called_for` says whether that cloud runs this process, `port` where it must listen.
Files that begin with an underscore are shared by several.
"""
