"""Nouns as text, HTML and pictures. Imports the core only."""
