"""The application on a port: bound before it is announced, stopped by SIGTERM or Ctrl-C, in order."""

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import Callable, Iterator, Sequence

import uvicorn
from starlette.applications import Starlette

from newsletter_cli.errors import BusyError, ConfigError

GRACE = 10  # seconds for requests under way
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Server(uvicorn.Server):
    """uvicorn, which says when it takes requests, and leaves the process's end to us."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # Its own way ends the process by the signal it got; ours ends with exit code 0.
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._stop)
        try:
            yield
        finally:
            for number in SIGNALS:
                loop.remove_signal_handler(number)

    def _stop(self) -> None:
        self.force_exit = self.should_exit  # asked twice: do not wait for requests under way
        self.should_exit = True


def bind(host: str, port: int) -> socket.socket:
    """A listening address.  port: 0 = any free one.

    Raises BusyError when somebody else has it, ConfigError (CONFIG-VALUE) when it is not this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        raise _unusable(host, port, error) from error
    return listener


def url_of(listener: socket.socket) -> str:
    """http://127.0.0.1:8400 of a bound socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run_server(app: Starlette, listener: socket.socket, *, trusted: Sequence[str], ready: Callable[[], None]) -> None:
    """Serve until SIGTERM, SIGINT or SIGHUP; requests under way are finished. In the main thread only.

    trusted: addresses and networks of proxies whose X-Forwarded-For and -Proto are believed.  ready: called once,
    when requests are taken.
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
    server = _Server(config, ready)
    with contextlib.closing(listener):
        asyncio.run(server.serve(sockets=[listener]))


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
