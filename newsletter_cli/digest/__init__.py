"""Digest: articles and a digest file become an Issue (html, text, subject), checks, and the frozen version."""
