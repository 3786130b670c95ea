"""Read, profile, infer and validate tables."""
