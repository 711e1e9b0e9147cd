"""Shelf: one file per recorded format."""
