"""The contract: inferred, written as YAML, read back, changed."""
