"""Statistics of tables: of one column of one piece, of a piece, of a dataset. Everything adds."""
