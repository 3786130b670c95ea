"""Remember: content-addressed artifacts, executions, lineage and releases."""
