"""Tables that an address names and no file is: one module a kind, called as the address's scheme.

A module has `open_table(address, *, query, version) -> Source`. Secrets never enter a source's description, its digest or an error.
"""
