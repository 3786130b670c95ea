"""The cleaning steps, one file each; the file's name is the step's. A module offers `Step`, with an EXAMPLE of its text."""
