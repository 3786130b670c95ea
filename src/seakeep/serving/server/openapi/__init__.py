"""OpenAPI: a description of what this server answers now, made from the contracts of the releases on its board."""
