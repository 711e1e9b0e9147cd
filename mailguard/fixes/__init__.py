"""The shelf of repairs: one codemod for each mechanism. What several of them need lies below, in :mod:`mailguard.codemod`."""
