"""One predict path for REST and batch."""
