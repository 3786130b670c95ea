"""What a page shows, worked out before it is written: one file a noun, plain text only. Templates decide how it looks."""
