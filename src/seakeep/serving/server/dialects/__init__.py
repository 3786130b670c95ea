"""Dialects: other ways of asking the same server, one file each: the contracts of clouds, and KServe's older protocol.

A dialect is a thin translation at the door: `read` turns a body into the server's own form before anything looks at it, `write` turns
the answer. Contract, refusals, routing, log and metrics are those of every other request. Each file's `dialect`
makes the Dialect of an environment; where a cloud says that it runs this process, `CALLED_BY` names the variable that says it, and `PORT` the one
that says where to listen.
Files that begin with an underscore are shared by several.
"""
