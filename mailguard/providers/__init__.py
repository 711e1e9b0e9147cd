"""Shelf: one file, or one folder, per mail service or mail library; its Python calls and its wire form."""
