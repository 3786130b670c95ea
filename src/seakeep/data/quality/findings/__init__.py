"""The kinds of finding, one file each; the file's name is the public name, and `quality.<name>` the check's code.

A module offers MEANING, COST, NEEDS, LEAST_ROWS and `find(table, look)`; `look(table)` where it must see every row (see
`seakeep.data.quality.finding`). All are held to their promises by `seakeep.testing.check_finding`.
"""
