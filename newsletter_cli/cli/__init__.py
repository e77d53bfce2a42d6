"""Command line: words, exit codes, tables, progress. Every command reads, calls a room, prints."""
