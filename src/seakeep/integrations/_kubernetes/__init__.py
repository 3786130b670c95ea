"""The objects that kubernetes and helm write, as plain values: once, so that both say the same."""
