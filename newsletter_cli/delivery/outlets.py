"""From the settings to the servers of a run: who carries, how to talk to each, what mail over it looks like."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final, cast

from newsletter_cli.delivery.connection import Security, Server
from newsletter_cli.delivery.lanes import Provider, load_providers, provider_at
from newsletter_cli.delivery.relays import Relay
from newsletter_cli.delivery.smtp.letter import Letter
from newsletter_cli.mail import dkim
from newsletter_cli.mail.content import Content
from newsletter_cli.mail.leaving import signs_one_click
from newsletter_cli.mail.message import Compiled, Message, compile_content
from newsletter_cli.mail.reader import Reader
from newsletter_cli.mail.stamp import Stamp
from newsletter_cli.mail.tokens import Keyring
from newsletter_cli.settings import Rate, ServerSettings, Settings

ONLY: Final = "smtp"  # name of the server when [smtp] alone says which it is

Secrets = Mapping[str, Callable[[], str | None]]  # by server: its password, or a fresh access token


@dataclass(frozen=True, slots=True)
class Outlet:
    """One server of the settings."""

    name: str
    settings: ServerSettings
    weight: int = 1


def outlets_of(settings: Settings) -> tuple[Outlet, ...]:
    """The servers that mail may go through; those with a weight first."""
    if not settings.smtp.servers:
        return (Outlet(ONLY, settings.smtp),)
    named = [Outlet(server.name, server, server.weight) for server in settings.smtp.servers]
    return tuple(sorted(named, key=lambda outlet: not outlet.weight))


def server_of(outlet: Outlet, ehlo_name: str, providers: tuple[Provider, ...] | None = None) -> Server:
    """A server as a connection wants it; one of a mail provider is not asked for more than the provider takes."""
    smtp = outlet.settings
    provider = provider_at(smtp.host, load_providers() if providers is None else providers)
    most = smtp.messages_per_connection
    chained = smtp.pipelining == "auto"
    return Server(
        host=smtp.host,
        port=smtp.port,
        security=Security(smtp.security),
        ehlo_name=ehlo_name,
        timeout=smtp.timeout,
        data_timeout=smtp.data_timeout,
        username=smtp.username,
        oauth2=smtp.oauth2 is not None,
        source_address=smtp.source_address,
        pipelining=chained,
        depth=smtp.depth if chained else 1,
        messages_per_connection=most if provider is None else min(most, provider.messages),
    )


def stamp_of(settings: Settings, outlet: Outlet, keyring: Keyring, date: datetime) -> Stamp:
    """What the settings add to a version at a moment, under the current key, for mail over one server."""
    return Stamp(
        date=date,
        timezone=settings.newsroom.zone,
        public_url=settings.web.public_url,
        keyring=keyring,
        verp=outlet.settings.verp,
        # Unsigned, one-click would be ignored or held against us (RFC 8058 §4): somebody has to sign both fields.
        post_header=signs_one_click(outlet.settings),
    )


@dataclass(frozen=True, slots=True)
class Press:
    """Makes the messages of one version as they go over one server, signed where we sign for it."""

    compiled: Compiled
    sealer: dkim.Sealer | None

    def message(self, reader: Reader, *, message_number: int | None = None) -> Message:
        """The message of one reader; raises MailProblem when it cannot be built. See Compiled.fill."""
        message = self.compiled.fill(reader, message_number=message_number)
        return message if self.sealer is None else self.sealer.sign(message)


def press_for(
    content: Content,
    settings: Settings,
    root: Path,
    keyring: Keyring,
    date: datetime,
    *,
    outlet: Outlet | None = None,
    key_number: int | None = None,
    subject_prefix: str = "",
) -> Press:
    """What makes a version's messages for one server (None: the first one).

    root: the newsroom's folder.  key_number: the key frozen with a send; None = the current one.
    Raises ConfigError for a signing key that cannot be used, and what compile_content raises.
    """
    outlet = outlets_of(settings)[0] if outlet is None else outlet
    stamp = replace(stamp_of(settings, outlet, keyring, date), subject_prefix=subject_prefix, key_number=key_number)
    compiled = compile_content(content, stamp)
    signers = dkim.signers_of(outlet.settings, root)
    return Press(compiled, dkim.prepare(compiled, signers) if signers else None)


def relays_of(
    content: Content,
    settings: Settings,
    root: Path,
    keyring: Keyring,
    *,
    ehlo_name: str,
    secrets: Secrets,
    date: datetime,
    key_number: int,
    rates: tuple[Rate, ...] | None = None,
) -> tuple[Relay, ...]:
    """The servers of a run over one frozen version.  rates: of the whole send instead of each server's own."""
    providers = load_providers()
    relays = []
    for outlet in outlets_of(settings):
        press = press_for(content, settings, root, keyring, date, outlet=outlet, key_number=key_number)
        provider = provider_at(outlet.settings.host, providers)
        most = outlet.settings.connections
        relays.append(
            Relay(
                name=outlet.name,
                server=server_of(outlet, ehlo_name, providers),
                connections=most if provider is None else min(most, provider.connections),
                fill=press.compiled.fill,
                seal=None if press.sealer is None else _sealing(press.sealer),
                secret=secrets.get(outlet.name, lambda: None),
                weight=outlet.weight,
                rates=outlet.settings.rate if rates is None else (),
                provider="" if provider is None else provider.key,
            )
        )
    return tuple(relays)


def _sealing(sealer: dkim.Sealer) -> Callable[[Letter], Letter]:
    return lambda letter: sealer.sign(cast(Message, letter))
