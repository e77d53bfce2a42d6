"""Plain values of the command line pass by typer's converter, and become what it would have made of them."""

from typing import Annotated, Any

import pytest
import typer

from newsletter_cli.cli.verbatim import sparing


def all_sorts(
    word: Annotated[str, typer.Argument()],
    several: Annotated[list[str] | None, typer.Option("--several")] = None,
    whole: Annotated[int | None, typer.Option("--whole", min=1, max=20)] = None,
    counted: Annotated[int, typer.Option("-c", count=True)] = 0,
    flag: Annotated[bool, typer.Option("--flag")] = False,
) -> None:
    """One parameter of each sort that our commands have."""


def parameters() -> dict[str, Any]:
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command()(all_sorts)
    made: Any = typer.main.get_command(app)
    return {param.name: param for param in made.params}


VALUES = [
    ("word", "خبر"), ("word", ""), ("word", None), ("word", "\udcff"), ("word", 3),
    ("several", None), ("several", ()), ("several", ("a", "ب")), ("several", ["a"]), ("several", "a"),
    ("several", ("a", "\udcff")), ("whole", None), ("whole", "1"), ("whole", "20"), ("whole", "0"), ("whole", "21"),
    ("whole", "007"), ("whole", " 7"), ("whole", "٧"), ("whole", "x"), ("whole", "1.0"), ("whole", True),
    ("counted", 0), ("counted", 2), ("flag", True), ("flag", False), ("flag", None),
]  # fmt: skip


def converted(param: Any, value: Any) -> tuple[str, Any]:
    """What the parameter makes of a value, or its words against it."""
    context = typer.Context(typer.main.get_command(typer_of()))
    try:
        made = param.process_value(context, value)
    except Exception as error:  # noqa: BLE001  # whatever it is: the same must come from both
        return type(error).__name__, getattr(error, "message", str(error))
    return type(made).__name__, made


def typer_of() -> typer.Typer:
    app = typer.Typer(add_completion=False)
    app.command()(lambda: None)
    return app


@pytest.mark.parametrize(("name", "value"), VALUES, ids=[f"{name}-{value!r}" for name, value in VALUES])
def test_a_value_becomes_what_typer_would_have_made_of_it(name: str, value: object) -> None:
    own, spared = parameters()[name], parameters()[name]
    assert sparing([spared]) == [spared]
    assert converted(spared, value) == converted(own, value)


def test_a_callback_is_called_all_the_same() -> None:
    heard = []
    (param,) = sparing([parameters()["several"]])
    param.callback = lambda ctx, param, value: heard.append(value) or "answer"
    assert converted(param, None) == ("str", "answer")
    assert heard == [()]


def test_what_is_spared_once_is_not_wrapped_again() -> None:
    (param,) = sparing([parameters()["word"]])
    first = param.process_value
    sparing([param])
    assert param.process_value is first
