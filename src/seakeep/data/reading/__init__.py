"""From paths, addresses and frames to a Dataset."""
