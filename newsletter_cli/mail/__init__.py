"""Mail: the bytes. Addresses, tokens, header fields, MIME, segments, a reader's values poured in."""
