"""Tests that may be looked at after every batch, one file each; the file name is the public name.

A test is a module of pure functions over a small frozen State that `core.codec` writes; see `seakeep.testing.
check_sequential_test`, which holds every one of them to what it promises. COMPARES says which of three forms it has:
  "means"     start(*, margin), update(state, challenger, champion), update_counts(state, challenger, champion) and
              log_e_value(state): H0 is mean(challenger) <= mean(champion) + margin
  "shares"    start(shares), update(state, counts, *, shares) and log_e_value(state): H0 is that rows fall as routed
  "interval"  start(), update, update_counts and interval(state, level): limits of mean(challenger) - mean(champion)
SOURCE says where it is defined. An e-value is a fair bet against H0: starting from 1, it exceeds 1/alpha at any look, ever,
with probability at most alpha (Ville 1939), so one may stop, go on, or look twice a second, and need not say when beforehand.
What to do when it is low is open: it is never evidence for H0. To show that the challenger is no worse than a margin, test
the other way about: exchange the arms and negate the margin.
"""
