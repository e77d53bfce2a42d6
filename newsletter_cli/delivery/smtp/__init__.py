"""SMTP: one connection as a machine without I/O, its reply book, its authentication."""
