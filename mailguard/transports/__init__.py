"""What several providers need, below their shelf: plain HTTP, MIME, AWS clients."""
