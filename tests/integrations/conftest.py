"""Programs in `foreign` are run by the Python environments of foreign systems; pytest must not import them here."""

collect_ignore = ["foreign"]
