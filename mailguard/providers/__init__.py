"""Shelf: one file per mail service or mail library; its Python calls and its wire form."""
