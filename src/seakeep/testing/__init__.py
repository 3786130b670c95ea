"""Conformance suites that plug-ins must pass; the built-in ones pass them too."""
