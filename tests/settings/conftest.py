"""A newsletter.toml of a test's own, and reading it."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from newsletter_cli.errors import ConfigError
from newsletter_cli.settings import Loaded, load_settings

Load = Callable[..., Loaded]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder named akhbar, still without newsletter.toml."""
    folder = tmp_path / "akhbar"
    folder.mkdir()
    return folder


@pytest.fixture
def load(root: Path) -> Load:
    """load("[smtp]…", profile="", env={…}) → Loaded of a newsletter.toml with this text."""

    def read(
        text: str = "", *, profile: str | None = "", env: Mapping[str, str] | None = None, user_file: Path | None = None
    ) -> Loaded:
        (root / "newsletter.toml").write_text(text, encoding="utf-8")
        return load_settings(root, profile=profile, env=env or {}, user_file=user_file)

    return read


@pytest.fixture
def refused(load: Load) -> Callable[..., ConfigError]:
    """The same where it has to fail: the error."""

    def fail(text: str = "", **given: object) -> ConfigError:
        with pytest.raises(ConfigError) as caught:
            load(text, **given)
        return caught.value

    return fail
