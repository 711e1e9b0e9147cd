"""Shelf: a report in, a string out."""
