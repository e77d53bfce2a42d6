"""Readers: one file for each format an article can arrive in."""
