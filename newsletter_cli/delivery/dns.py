"""The door to DNS: TXT records by name. The only file that knows the library."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

PATIENCE: Final = timedelta(seconds=5)  # for one name, all name servers together

# (name) → the TXT records there, () when there are none, None when nobody answered.
Lookup = Callable[[str], tuple[str, ...] | None]


def text_lookup(servers: Sequence[tuple[str, int]] = (), *, patience: timedelta = PATIENCE) -> Lookup:
    """Asks for TXT records, each name once.

    servers: (address, port) of name servers; none = those of this computer.  The strings of a record are joined without
    a space (RFC 7208 §3.3).
    """
    import dns.exception  # lazy: 60 ms, for the few commands that ask
    import dns.resolver
    from dns.nameserver import Do53Nameserver

    try:
        resolver = dns.resolver.Resolver(configure=not servers)
    except dns.resolver.NoResolverConfiguration:
        return lambda name: None
    if servers:
        resolver.nameservers = [Do53Nameserver(address, port) for address, port in servers]
    resolver.lifetime = patience.total_seconds()
    resolver.cache = dns.resolver.LRUCache()

    def ask(name: str) -> tuple[str, ...] | None:
        try:
            found = resolver.resolve(name, "TXT", search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except (dns.exception.DNSException, OSError):  # time-out, SERVFAIL, no network
            return None
        return tuple(b"".join(record.strings).decode("utf-8", "replace") for record in found)

    return ask
