"""Whole web pages: which of their words are the article, as trafilatura sees it (its one door; an extra).

Its dates and languages are not asked for: it reads no Arabic months and takes a year out of the address instead.
"""

import logging
import socket


def extracted(html: str) -> tuple[str, ...] | None:
    """The paragraphs that trafilatura takes for the article; () when it finds none, None when it is not installed.

    Nothing is fetched.  Never raises.
    """
    # urllib3, which comes along, opens a socket on import to see whether there is IPv6; here nothing is fetched.
    socket.has_ipv6, has_ipv6 = False, socket.has_ipv6
    try:
        from trafilatura import extract  # lazy: an extra, and half a second of import
    except ImportError:
        return None
    finally:
        socket.has_ipv6 = has_ipv6
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # its complaints are about pages, not for editors
    found = extract(html, include_comments=False, include_tables=True, favor_precision=True)
    return tuple(line.lstrip("-| ") for line in (found or "").split("\n") if line.strip())
