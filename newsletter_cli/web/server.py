"""The application on a port: bound before it is announced, stopped by SIGTERM or Ctrl-C, in order."""

import asyncio
import contextlib
import errno
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence

import uvicorn
from starlette.applications import Starlette

from newsletter_cli.errors import BusyError, ConfigError

GRACE = 10  # seconds for requests under way
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class PageServer(uvicorn.Server):
    """The pages on one bound address. uvicorn's server, but it says when it takes requests and ends with code 0."""

    def __init__(
        self, app: Starlette, listener: socket.socket, *, trusted: Sequence[str], ready: Callable[[], None]
    ) -> None:
        """trusted: addresses and networks of proxies whose X-Forwarded-For and -Proto are believed.

        ready: called once, when requests are taken.
        """
        config = uvicorn.Config(
            app,
            access_log=False,  # ours knows no tokens
            log_config=None,
            lifespan="off",
            server_header=False,
            proxy_headers=True,
            forwarded_allow_ips=list(trusted),
            timeout_graceful_shutdown=GRACE,
            timeout_keep_alive=15,
            h11_max_incomplete_event_size=16 * 1024,
        )
        super().__init__(config)
        self._listener = listener
        self._ready = ready

    def serve_until_stopped(self) -> None:
        """Returns after `stop`, in the main thread also after a signal; requests under way are finished."""
        with contextlib.closing(self._listener):
            asyncio.run(self.serve(sockets=[self._listener]))

    def stop(self) -> None:
        """Take no more requests; asked twice, do not wait for those under way either."""
        self.force_exit = self.should_exit
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """uvicorn's hook: requests are taken from here on."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's hook. Its own way ends the process by the signal it got; ours returns."""
        loop = asyncio.get_running_loop()
        numbers = SIGNALS if threading.current_thread() is threading.main_thread() else ()
        for number in numbers:
            loop.add_signal_handler(number, self.stop)
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)


def bind(host: str, port: int) -> socket.socket:
    """A listening address.  port: 0 = any free one.

    Raises BusyError when somebody else has it, ConfigError (CONFIG-VALUE) when it is not this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with contextlib.ExitStack() as unless_bound:
            listener = unless_bound.enter_context(socket.socket(family, kind, protocol))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            unless_bound.pop_all()
    except OSError as error:
        raise _unusable(host, port, error) from error
    return listener


def url_of(listener: socket.socket) -> str:
    """http://127.0.0.1:8400 of a bound socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _unusable(host: str, port: int, error: OSError) -> BusyError | ConfigError:
    where = f"{host}:{port}"
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return ConfigError("CONFIG-VALUE", f"{where} is no address of this machine.", facts=[("why", str(error))])
    if isinstance(error, PermissionError):
        return ConfigError(
            "CONFIG-VALUE", f"{where} may not be listened on by this user.", fix="--listen 127.0.0.1:8400"
        )
    return BusyError(
        "BUSY", f"{where} is taken by another program.", facts=[("why", str(error))], fix="--listen 127.0.0.1:0"
    )
