"""What a template runs in: Jinja2's sandbox with the limits it lacks itself, on time, memory and depth.

A rendering is stopped in any thread: each turn of a loop, each call and each sum asks the clock. In the main thread an
interval timer and a limit of memory stand behind it, for what a single call of a filter may do.
"""

import contextlib
import re
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

from jinja2 import BytecodeCache, FileSystemBytecodeCache, TemplateRuntimeError, nodes, pass_context
from jinja2.bccache import Bucket
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

OUTPUT_LIMIT: Final = 2 * 1024 * 1024  # characters: a digest has some 60 thousand, a loop without end has no limit
MEMORY: Final = 2 * 1024**3  # bytes beyond the most that the process has had; a rendering needs some ten million
# Numbers that a filter or a method of a text is given: widths, lengths, counts.
_NUMBER_LIMIT: Final = 1_000_000
_BITS: Final = 4096
_WIDTH: Final = re.compile(r"\d{6}|%[^a-zA-Z%]*\*")  # a width of a million letters, or one that is not written down


class StoppedError(TemplateRuntimeError):
    """The rendering took too long."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"was still rendering after {seconds:g} seconds and was stopped; is there a loop that never ends?"
        )


class Budget:
    """The time that one rendering has."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds
        self._over = False

    def spend(self) -> None:
        """Raises StoppedError once the time is over."""
        if self._clock() > self._end:
            self._over = True
            raise StoppedError(self.seconds)

    def stop(self) -> None:
        """The same, from outside of the template; nothing when it was stopped already: its error is on its way."""
        if not self._over:
            self._over = True
            raise StoppedError(self.seconds)


class Sandbox(ImmutableSandboxedEnvironment):
    """Autoescaped or not, strict about names; every loop and call counts against a budget."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, budget: Budget, **options: Any) -> None:
        super().__init__(**options)
        self.budget = budget
        self.filters.update(_watched=_watched, _bounded=_bounded)
        self.filters["format"] = _format

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        _guard(source)
        return super()._generate(source, name, filename, defer_init)

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """A call, unless the time is over or a text would be made endless by it."""
        self.budget.spend()
        owner = getattr(obj, "__self__", None)
        if isinstance(owner, str):
            for value in (*args, *kwargs.values()):
                _bound(value)
            if getattr(obj, "__name__", "") in {"format", "format_map"}:
                _bound_widths(owner)
        return super().call(context, obj, *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """A sum, product, power or filled pattern, unless it is far too large."""
        self.budget.spend()
        if operator == "%" and isinstance(left, str):
            _bound_widths(left)
        elif _too_large(operator, left, right):
            raise SecurityError(f"“{operator}” would make something far too large")
        return super().call_binop(context, operator, left, right)


def _too_large(operator: str, left: Any, right: Any) -> bool:
    if isinstance(left, int) and isinstance(right, int):
        bits = {"*": left.bit_length() + right.bit_length(), "**": left.bit_length() * abs(right)}
        return bits.get(operator, 0) > _BITS
    if operator == "*":
        count, whole = (left, right) if isinstance(left, int) else (right, left)
        return isinstance(count, int) and hasattr(whole, "__len__") and len(whole) * count > OUTPUT_LIMIT
    if operator == "+" and hasattr(left, "__len__") and hasattr(right, "__len__"):
        return len(left) + len(right) > OUTPUT_LIMIT
    return False


# --- what the compiler adds ----------------------------------------------------------------------------------------


def _guard(template: nodes.Template) -> None:
    """Puts the two filters below around what a loop goes through, what `~` joins, and what filters are given."""
    for node in list(template.find_all((nodes.For, nodes.Filter, nodes.Concat))):
        match node:
            case nodes.For():
                node.iter = _filtered(node.iter, "_watched")
            case nodes.Filter():
                node.args = [_filtered(arg, "_bounded") for arg in node.args]
                for keyword in node.kwargs:
                    keyword.value = _filtered(keyword.value, "_bounded")
            case nodes.Concat():
                node.nodes = [_filtered(one, "_bounded") for one in node.nodes]
            case _:
                pass


def _filtered(node: Any, name: str) -> nodes.Expr:
    # A small constant stays bare: Jinja2 folds it.
    if isinstance(node, nodes.Const) and not (isinstance(node.value, int) and abs(node.value) > _NUMBER_LIMIT):
        return node
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


@pass_context
def _watched(context: Context, values: Iterable[Any]) -> Iterator[Any]:
    """What a loop goes through; each turn asks the clock."""
    budget = context.environment.budget  # type: ignore[attr-defined]  # ours: Sandbox
    for value in values:
        budget.spend()
        yield value


@pass_context
def _bounded(context: Context, value: Any) -> Any:
    """The value itself, unless it is a number or a text that only a slip or an attack has."""
    context.environment.budget.spend()  # type: ignore[attr-defined]  # as above
    _bound(value)
    return value


def _format(pattern: str, *args: Any, **kwargs: Any) -> str:
    """Jinja2's `format`, without widths of a million letters."""
    if args and kwargs:
        raise TypeError("can’t handle positional and keyword arguments at the same time")
    _bound_widths(str(pattern))
    return (pattern if isinstance(pattern, Markup) else str(pattern)) % (kwargs or args)


def _bound(value: Any) -> None:
    if isinstance(value, int) and abs(value) > _NUMBER_LIMIT:
        raise SecurityError(f"{value} is too large a number here")
    if isinstance(value, str | bytes) and len(value) > OUTPUT_LIMIT:
        raise SecurityError("a text of more than 2 MiB")


def _bound_widths(pattern: str) -> None:
    if _WIDTH.search(pattern):
        raise SecurityError("a pattern asks for a text of a million letters")


# --- what the machine adds -----------------------------------------------------------------------------------------


@contextmanager
def limits(budget: Budget) -> Iterator[None]:
    """The interval timer of the process and a limit of its memory, while a template runs in its main thread.

    They end what the clock of the sandbox cannot see: one call that runs or grows for ever. Signals reach the main
    thread only, and the limit is the whole process's: elsewhere (preview, worker) the sandbox alone has to do.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        budget.stop()

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, budget.seconds * 1.1)  # the sandbox first: it knows the line
    try:
        with _memory_limit(MEMORY):
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _memory_limit(more: int) -> Iterator[None]:
    """No more memory of its own than the process has had at most, and so many bytes; on Linux, which keeps to it."""
    if sys.platform != "linux":
        yield
        return
    # From the kernel and not from /proc: composing opens no file outside of the newsroom.
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = min(limit for limit in (most + more, soft, hard) if limit != resource.RLIM_INFINITY)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


# --- templates compiled by an earlier process ----------------------------------------------------------------------


class _Bytecode(FileSystemBytecodeCache):
    """Templates compiled by an earlier process; where they cannot be kept or read they are compiled again."""

    def load_bytecode(self, bucket: Bucket) -> None:
        with contextlib.suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        with contextlib.suppress(OSError):
            super().dump_bytecode(bucket)


def bytecode(*, escape: bool) -> BytecodeCache | None:
    """Jinja2's own cache for this user in the system's temporary folder; None where that folder is not safe.

    Compiling a theme takes as long as filling it. What escapes is compiled apart: the same file may be used by both.
    The name carries a number that rises when the compiler adds something else to templates.
    """
    try:
        return _Bytecode(pattern=f"__newsletter_2_{'html' if escape else 'text'}_%s.cache")
    except (OSError, RuntimeError):
        return None


def sandbox(budget: Budget, filters: Mapping[str, Callable[..., object]], *, escape: bool, **options: Any) -> Sandbox:
    """The environment of one rendering."""
    env = Sandbox(
        budget, autoescape=escape, keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True,
        bytecode_cache=bytecode(escape=escape), **options,
    )  # fmt: skip
    env.filters.update(filters)
    return env
