"""The stages of a life, cached and recorded."""
