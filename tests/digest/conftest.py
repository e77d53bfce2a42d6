"""A newsroom on disk with its settings, for tests of the digest room."""

from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter_cli.articles.model import Picture
from newsletter_cli.newsroom import Newsroom
from newsletter_cli.settings import load_settings
from tests.digest.making import Room


@pytest.fixture
def room(newsroom_folder: Path) -> Room:
    return Room(Newsroom(newsroom_folder), load_settings(newsroom_folder, env={}).settings)


@pytest.fixture
def picture() -> Callable[..., Picture]:
    """A picture's words, with its file."""

    def make(source: str, alt: str | None = "حقل قمح", **words: str) -> Picture:
        return Picture(source, alt, **words)

    return make
