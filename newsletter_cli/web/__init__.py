"""Web: the pages readers use (unsubscribe, web copy), and the one-click endpoint."""
