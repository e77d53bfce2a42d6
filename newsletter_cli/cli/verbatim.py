"""Words of the command line that need no conversion are handed on as they stand.

Newer versions of typer convert every parameter through pydantic, also one that nobody gave, and pydantic takes longer
to load than most commands run. A word that is to be a word, a plain number within its limits, and what is missing
pass by; whatever else was typed goes typer's own way, with typer's own errors.
"""

import re
from collections.abc import Callable
from typing import Any, Final

_WHOLE: Final = re.compile(r"0|[1-9][0-9]{0,17}")
_OTHER: Final = object()  # "not for us"


def sparing(params: list[Any]) -> list[Any]:
    """typer's parameters, made to take plain values without a converter; the same list.

    A version of typer that does not describe its parameters so converts them cheaply by itself, and is left alone.
    """
    for param in params:
        described: Any = getattr(param, "type_descriptor", None)
        if hasattr(described, "parameter_info") and "process_value" not in vars(param):
            param.process_value = _processing(param, described.annotation, described.parameter_info)
    return params


def _processing(param: Any, annotation: Any, info: Any) -> Callable[[Any, Any], Any]:
    convert = param.process_value
    several = param.multiple or param.nargs == -1
    simple = info.parser is None and param.nargs in (1, -1)

    def process_value(ctx: Any, value: Any) -> Any:
        if value is None and not param.required:
            taken: Any = () if several else None
        else:
            taken = _taken(annotation, value, info, several=several) if simple else _OTHER
        if taken is _OTHER:
            return convert(ctx, value)
        return taken if param.callback is None else param.callback(ctx, param, taken)

    return process_value


def _taken(annotation: Any, value: Any, info: Any, *, several: bool) -> Any:
    """What typer would make of the value; _OTHER when that is for typer to say."""
    if annotation is str and not several and _is_word(value):
        return value
    if annotation == list[str] and several and value and isinstance(value, list | tuple) and all(map(_is_word, value)):
        return list(value)
    if annotation is int and not several:
        return _number(value, info)
    return _OTHER


def _is_word(value: Any) -> bool:
    """Text that was decoded without a loss: an undecodable byte of the command line is a surrogate here."""
    return isinstance(value, str) and (value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value))


def _number(value: Any, info: Any) -> Any:
    number = int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else value
    if type(number) is not int:  # True would be one for isinstance
        return _OTHER
    within = (info.min is None or number >= info.min) and (info.max is None or number <= info.max)
    return number if within else _OTHER
