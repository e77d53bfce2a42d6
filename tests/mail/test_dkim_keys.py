"""Keys for signing: read from files that nobody else may read, made when asked for, told to DNS."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
)

from newsletter_cli.errors import ConfigError
from newsletter_cli.mail.dkim import (
    Kind,
    Signer,
    load_key,
    new_key,
    read_key,
    signers_of,
)
from newsletter_cli.mail.leaving import one_click_is_signed, signs_one_click
from newsletter_cli.settings import ServerSettings, SmtpSettings
from newsletter_cli.settings.tree import Dkim, NamedServer, SecondKey


def pem_of(private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, lock: KeySerializationEncryption) -> bytes:
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


# Made by `openssl genrsa 512`.
SHORT = b"""-----BEGIN PRIVATE KEY-----
MIIBVgIBADANBgkqhkiG9w0BAQEFAASCAUAwggE8AgEAAkEA06Fgf64Y3RJqNWN1
cgZwyqZe0kinoo1qRitqg18XK7KdeUStMY9s9Od/vO6QCl/4OOs9bFXxrRuI9FZg
coT0gQIDAQABAkEAge0CXIDa/OZwVCSilwWDO7bWYg1+9VoSk8/VzZ+Ujxs0milZ
XK7DRudCCtLvb5rQ3Xu2im36Cv2K5b+0dAcmHQIhAO3ozW9q5gEjI+aKoPpyTIbO
3Uqbdame4B25UsPvRSODAiEA47kFfLB8vjyNBS0N1eqsgw5QhtxGTZW9TLuN5TAw
FKsCIENBf+oSf0ktBPYklJOYglfN3TM9NYspFdRxUpt/Zb0/AiEAj8CtuQ/EP2cD
8p+FW2PAMR8pMGj/LFz5WeYP5f0sbO8CIQDhntTU/rnGRE5OambPuTDsP25/87J7
vAqFdkH8cxeKLw==
-----END PRIVATE KEY-----
"""


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    """A key file of the given bytes and mode."""

    def make(data: bytes, mode: int = 0o600, name: str = "k.pem") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        path.chmod(mode)
        return path

    return make


@pytest.mark.parametrize(("kind", "bits"), [(Kind.RSA, 2048), (Kind.ED25519, 256)])
def test_a_new_key_is_read_back_from_its_file(file: Callable[..., Path], kind: Kind, bits: int) -> None:
    key = load_key(file(new_key(kind)))
    assert (key.kind, key.bits) == (kind, bits)
    assert new_key(kind) != new_key(kind)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o660, 0o777])
def test_a_key_that_others_may_read_is_refused(file: Callable[..., Path], mode: int) -> None:
    path = file(new_key(Kind.ED25519), mode)
    with pytest.raises(ConfigError) as caught:
        load_key(path)
    assert (caught.value.code, caught.value.fix) == ("SECRET", f"chmod 600 {path}")


def test_a_key_that_only_its_owner_may_read_is_taken(file: Callable[..., Path]) -> None:
    assert load_key(file(new_key(Kind.ED25519), 0o400)).kind is Kind.ED25519


@pytest.mark.parametrize(
    ("pem", "words"),
    [
        (b"", "holds no private key"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "holds no private key"),
        (pem_of(ec.generate_private_key(ec.SECP256R1()), NoEncryption()), "of a kind that DKIM does not know"),
        (pem_of(ec.generate_private_key(ec.SECP256R1()), BestAvailableEncryption(b"x")), "without a password"),
    ],
    ids=["empty", "torn", "elliptic", "locked"],
)
def test_what_is_no_key_for_dkim_is_refused(file: Callable[..., Path], pem: bytes, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_key(file(pem))
    assert (caught.value.code, words in caught.value.message) == ("CONFIG-VALUE", True)
    assert "BEGIN" not in str(caught.value)


def test_a_key_too_short_for_receivers_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        read_key(SHORT, Path("k.pem"))
    assert caught.value.message == "The DKIM key k.pem holds an RSA key of 512 bits; receivers refuse it."


def test_a_file_that_is_not_there_names_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_key(tmp_path / "none.pem")
    assert (caught.value.code, caught.value.fix) == ("CONFIG-VALUE", "newsletter config dkim")


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "k.pem").mkdir(mode=0o700)  # what even root cannot read
    with pytest.raises(ConfigError, match="Is a directory"):
        load_key(tmp_path / "k.pem")


# --- what DNS has to say ----------------------------------------------------------------------------------------------


def test_the_record_of_an_rsa_key_is_split_into_strings() -> None:
    key = read_key(new_key(Kind.RSA), Path("k.pem"))
    found = Signer("Example.org", "s1", key).record
    assert found.name == "s1._domainkey.example.org"
    assert [len(text) <= 255 for text in found.strings] == [True, True]
    joined = "".join(found.strings)
    assert joined == found.value
    assert joined.startswith("v=DKIM1; k=rsa; p=")
    public = load_der_public_key(base64.b64decode(joined.partition("p=")[2]))
    assert public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == key.public
    first, second = found.strings
    assert found.zone_line() == f's1._domainkey.example.org. IN TXT ( "{first}" "{second}" )'


def test_the_record_of_an_ed25519_key_is_its_32_bytes() -> None:
    found = Signer("example.org", "e1", read_key(new_key(Kind.ED25519), Path("k.pem"))).record
    kind, letters = found.value.removeprefix("v=DKIM1; k=").split("; p=")
    assert (kind, len(base64.b64decode(letters, validate=True))) == ("ed25519", 32)
    assert found.strings == (found.value,)


# --- who signs --------------------------------------------------------------------------------------------------------

OURS = Dkim(domain="example.org", selector="s1", key_file="data/a.pem")


@pytest.mark.parametrize(
    ("relay", "ours", "signed"),
    [(True, None, True), (False, None, False), (False, OURS, True), (True, OURS, True)],
)
def test_one_click_is_signed_by_us_or_by_the_relay(*, relay: bool, ours: Dkim | None, signed: bool) -> None:
    assert signs_one_click(ServerSettings(relay_signs=relay, dkim=ours)) is signed


@pytest.mark.parametrize(
    ("servers", "signed"),
    [((), False), (((True, None), (False, OURS)), True), (((True, None), (False, None)), False)],
)
def test_each_server_that_may_carry_mail_has_to_be_signed_for(
    servers: tuple[tuple[bool, Dkim | None], ...], *, signed: bool
) -> None:
    named = tuple(
        NamedServer(name=str(place), relay_signs=relay, dkim=ours, weight=0)
        for place, (relay, ours) in enumerate(servers)
    )
    assert one_click_is_signed(SmtpSettings(relay_signs=False, servers=named)) is signed


def test_a_server_without_dkim_leaves_signing_to_the_relay(tmp_path: Path) -> None:
    assert signers_of(ServerSettings(), tmp_path) == ()


def test_the_signers_of_a_server_are_read_from_the_newsrooms_folder(tmp_path: Path, file: Callable[..., Path]) -> None:
    (tmp_path / "data").mkdir()
    file(new_key(Kind.RSA), name="data/a.pem")
    file(new_key(Kind.ED25519), name="b.pem")
    both = Dkim(
        domain="أخبار.com", selector="s1", key_file="data/a.pem",
        ed25519=SecondKey(selector="e1", key_file=str(tmp_path / "b.pem")),
    )  # fmt: skip
    found = signers_of(ServerSettings(dkim=both), tmp_path)
    assert [(one.domain, one.selector, one.key.kind) for one in found] == [
        ("xn--igbicxr.com", "s1", Kind.RSA), ("xn--igbicxr.com", "e1", Kind.ED25519),
    ]  # fmt: skip
    assert len(signers_of(ServerSettings(dkim=OURS), tmp_path)) == 1


def test_an_ed25519_key_may_sign_alone(tmp_path: Path, file: Callable[..., Path]) -> None:
    file(new_key(Kind.ED25519), name="a.pem")
    (one,) = signers_of(ServerSettings(dkim=Dkim(domain="a.org", selector="s1", key_file="a.pem")), tmp_path)
    assert one.key.kind is Kind.ED25519


@pytest.mark.parametrize("kinds", [(Kind.ED25519, Kind.ED25519), (Kind.RSA, Kind.RSA)])
def test_of_two_keys_the_first_is_rsa_and_the_second_is_not(
    tmp_path: Path, file: Callable[..., Path], kinds: tuple[Kind, Kind]
) -> None:
    for name, kind in zip(("a.pem", "b.pem"), kinds, strict=True):
        file(new_key(kind), name=name)
    ours = Dkim(domain="a.org", selector="s1", key_file="a.pem", ed25519=SecondKey(selector="e1", key_file="b.pem"))
    with pytest.raises(ConfigError, match="belongs there") as caught:
        signers_of(ServerSettings(dkim=ours), tmp_path)
    assert caught.value.code == "CONFIG-VALUE"
