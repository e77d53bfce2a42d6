"""`newsletter`: subscriber lists, right-to-left digests, and mail that reaches every reader exactly once."""

__version__ = "0.1.0"
