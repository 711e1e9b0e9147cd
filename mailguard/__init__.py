"""mailguard: a privacy linter and CI gate for outgoing mail."""

__version__ = "0.1.0"
