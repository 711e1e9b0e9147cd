"""The interpreter over abstract values."""
