"""Distances between the statistics of one column, one file each; the file name is the public name."""
