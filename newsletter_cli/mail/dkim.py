"""Our own signature on each message: rsa-sha256, relaxed/simple, and Ed25519 beside it for who asks for both.

    load_key(file) ─▶ Signer(domain, selector, key) ─▶ prepare(compiled, signers) ─▶ Sealer.sign(message)

What no reader changes is put into its canonical form once per send, and the hash of the body's first stretch is kept:
a message costs one pass over its bytes and the private key's operation. Both leave the interpreter to other threads.
The one door of `cryptography`. Source: RFC 6376; RFC 8301 for sizes, RFC 8463 for Ed25519.
"""

import base64
import hashlib
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Protocol

from newsletter_cli.errors import ConfigError
from newsletter_cli.mail.address import ascii_host
from newsletter_cli.mail.message import Compiled, Message
from newsletter_cli.mail.problems import AddressProblem
from newsletter_cli.mail.signature import (
    FieldPattern,
    Record,
    header_order,
    names_signed,
    record,
    relaxed_fields,
)
from newsletter_cli.settings import ServerSettings

RSA_BITS: Final = 2048
_LEAST_BITS: Final = 1024  # receivers must not take less (RFC 8301 §3.2)
_MAKE: Final = "newsletter config dkim"
_LABEL: Final = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
_SELECTOR: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.IGNORECASE)


class Kind(StrEnum):
    """Kinds of keys, in the words of a TXT record's k=."""

    RSA = "rsa"
    ED25519 = "ed25519"


@dataclass(frozen=True, slots=True)
class Key:
    """A private key, ready to sign; from several threads at once."""

    kind: Kind
    bits: int
    public: bytes  # as in p=, before base64
    sign: Callable[[bytes], bytes] = field(repr=False, compare=False)  # the signature of what is to be signed


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: a key, and the name under which receivers look for its public half.

    Raises ConfigError (CONFIG-VALUE) for a domain or selector that no DNS name can hold.
    """

    domain: str  # d=; A-labels once made
    selector: str  # s=
    key: Key

    def __post_init__(self) -> None:
        object.__setattr__(self, "domain", self.demand_names(self.domain, self.selector))

    @staticmethod
    def demand_names(domain: str, selector: str) -> str:
        """The domain in A-labels; raises as the class does."""
        try:
            ascii_domain = ascii_host(domain)
        except AddressProblem as problem:
            raise _unusable("smtp.dkim.domain", domain, "That is no domain.") from problem
        if not _DOMAIN.fullmatch(ascii_domain):
            raise _unusable("smtp.dkim.domain", domain, "That is no domain.")
        if not _SELECTOR.fullmatch(selector):
            raise _unusable("smtp.dkim.selector", selector, "A selector has letters, digits, dashes and dots.")
        return ascii_domain

    @property
    def record(self) -> Record:
        """What DNS has to say about this key."""
        return record(self.domain, self.selector, self.key.kind.value, self.key.public)


class Hash(Protocol):
    """What `hashlib` gives."""

    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...
    def copy(self) -> "Hash": ...


@dataclass(frozen=True, slots=True)
class Sealer:
    """Signs the messages of one compiled version. Never changes, so several threads may sign with it."""

    patterns: tuple[tuple[FieldPattern, Key], ...]  # in the order in which they are written
    order: tuple[bytes | str, ...]  # what h= covers: relaxed stretches, and names of fields that differ per reader
    begun: Hash = field(repr=False)  # of the body's first stretch, which ends with the second segment

    def sign(self, message: Message) -> Message:
        """The message with its signature as the first field; the same bytes each time it is asked for.

        Reads no clock, no file, no chance.
        """
        segments = message.segments
        own = relaxed_fields(segments[0])
        covered = b"".join([own[part] if isinstance(part, str) else part for part in self.order])
        body = self.begun.copy()
        # In one piece: each stretch would leave the interpreter to others, and wait its turn to come back.
        body.update(b"".join(segments[2:]))
        body_hash = base64.b64encode(body.digest())
        written = b"".join(
            [
                pattern.filled(body_hash, key.sign(covered + pattern.to_sign(body_hash)))
                for pattern, key in self.patterns
            ]
        )
        return message._replace(segments=(written, *segments), size=message.size + len(written))


def prepare(compiled: Compiled, signers: tuple[Signer, ...]) -> Sealer:
    """Everything about the signatures of a version that no reader changes, worked out once.

    signers: one, or two: an RSA key and an Ed25519 key beside it.
    """
    if not signers:
        raise ValueError("somebody has to sign")
    if not compiled.end.endswith(b"--\r\n"):
        raise ValueError("a body that is not in its simple form")
    head = compiled.middle.partition(b"\r\n\r\n")[0]
    body = compiled.text.part.first[len(head) + 4 :]
    fixed = relaxed_fields(compiled.start.removesuffix("To: ").encode("ascii") + head)
    personal = {"to", "message-id", "list-unsubscribe", *(() if compiled.subject is None else ("subject",))}
    names = names_signed(fixed.keys() | personal)
    patterns = tuple(
        (
            FieldPattern.of(f"{signer.key.kind}-sha256", signer.domain, signer.selector, compiled.instant, names),
            signer.key,
        )
        for signer in signers
    )
    return Sealer(patterns, header_order(names, fixed, personal), hashlib.sha256(body))


def load_key(path: Path) -> Key:
    """The private key in a PEM file: RSA of at least 1,024 bits, or Ed25519.

    Raises ConfigError: SECRET when others on this computer may read it, CONFIG-VALUE when there is no such key in it.
    """
    try:
        mode, pem = path.stat().st_mode, path.read_bytes()
    except OSError as error:
        raise _no_key(path, f"cannot be read: {error.strerror or error}.", _MAKE) from error
    if stat.S_IMODE(mode) & 0o077:
        # Who reads it can sign in our name until the record is gone from DNS.
        raise ConfigError(
            "SECRET", f"The DKIM key {path} can be read by other people on this computer.", fix=f"chmod 600 {path}"
        )
    return read_key(pem, path)


def read_key(pem: bytes, path: Path) -> Key:
    """The key that `pem` holds; path: where it stands, for errors. Raises ConfigError (CONFIG-VALUE)."""
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa  # lazy: 50 ms, and only who signs needs it
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:  # TypeError: it has a password
        raise _no_key(path, "holds no private key in PEM without a password.", _MAKE) from error
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return _ed25519(private)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise _no_key(path, "holds a key of a kind that DKIM does not know: RSA or Ed25519.", _MAKE)
    if private.key_size < _LEAST_BITS:
        raise _no_key(path, f"holds an RSA key of {private.key_size} bits; receivers refuse it.", _MAKE)
    return _rsa(private)


def new_key(kind: Kind) -> bytes:
    """A new private key in PEM (PKCS #8), RSA with 2,048 bits or Ed25519."""
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa  # lazy: as above
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
    if kind is Kind.RSA:
        private = rsa.generate_private_key(public_exponent=65_537, key_size=RSA_BITS)
    else:
        private = ed25519.Ed25519PrivateKey.generate()
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def signers_of(server: ServerSettings, root: Path) -> tuple[Signer, ...]:
    """Who signs what goes through this server; () leaves it to the relay.

    root: the newsroom's folder, from which key files are named.  Raises ConfigError, see `load_key` and `Signer`.
    """
    ours = server.dkim
    if ours is None:
        return ()
    if ours.ed25519 is None:
        return (Signer(ours.domain, ours.selector, load_key(root / ours.key_file)),)
    named = ((Kind.RSA, ours.selector, ours.key_file), (Kind.ED25519, ours.ed25519.selector, ours.ed25519.key_file))
    return tuple(Signer(ours.domain, selector, _key_of(kind, root / file)) for kind, selector, file in named)


def _key_of(kind: Kind, path: Path) -> Key:
    key = load_key(path)
    if key.kind is not kind:
        # Two signatures are for those who know one of the two kinds only.
        raise _no_key(path, f"is of the kind {key.kind}, and {kind} belongs there.", _MAKE)
    return key


def _rsa(private: Any) -> Key:
    from cryptography.hazmat.primitives.asymmetric import padding  # lazy: as above
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pkcs1, sha256 = padding.PKCS1v15(), SHA256()
    return Key(Kind.RSA, private.key_size, public, lambda data: private.sign(data, pkcs1, sha256))


def _ed25519(private: Any) -> Key:
    # Over the hash and not over the text: RFC 8463 §3.
    public = private.public_key().public_bytes_raw()
    return Key(Kind.ED25519, 256, public, lambda data: private.sign(hashlib.sha256(data).digest()))


def _no_key(path: Path, what: str, fix: str) -> ConfigError:
    return ConfigError("CONFIG-VALUE", f"The DKIM key {path} {what}", fix=fix)


def _unusable(setting: str, value: str, why: str) -> ConfigError:
    return ConfigError("CONFIG-VALUE", f"{setting} has a value it cannot have. {why}", facts=[("value", value)])
