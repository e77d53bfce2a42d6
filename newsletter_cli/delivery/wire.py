"""A socket that knows to the byte what has not left our hands; TLS over it or not.

asyncio's transports do not tell how much of a write was still theirs when the line broke, and they drop answers that
had arrived. Both decide here whether a reader is written to again, so the socket is ours and the loop only says when it
can be read or written. Works on asyncio's selector loop and on uvloop.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Sequence
from typing import Final, Protocol

READ: Final = 16 * 1024  # answers are short, and a larger buffer costs more to get than to fill
MOST_PARTS: Final = 512  # of one writing; the kernel takes 1,024 (IOV_MAX)
# A TLS record holds up to 16 KiB of text and some bytes of its own; generous, because it only makes us doubt more.
RECORD: Final = 16 * 1024
RECORD_OVERHEAD: Final = 512
QUICK_ACK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)  # Linux
ABORT: Final = struct.pack("ii", 1, 0)  # SO_LINGER of no time: what the kernel still has is thrown away


class Listener(Protocol):
    """Whom a wire tells what happens. It may write, abort and close while it is told."""

    def heard(self, data: bytes) -> None:
        """Something was read; never empty."""
        ...

    def moved(self) -> None:
        """Some of what was kept has left."""
        ...

    def secured(self, problem: ssl.SSLError | None) -> None:
        """The handshake is done, or has failed."""
        ...

    def gone(self, error: OSError | None) -> None:
        """Nothing more will be read: closed by the other end (None) or broken. Everything that arrived was heard."""
        ...


class Wire:
    """One connected, non-blocking socket."""

    def __init__(self, loop: asyncio.AbstractEventLoop, sock: socket.socket, listener: Listener) -> None:
        self._loop = loop
        self._socket = sock
        self._listener = listener
        self._kept = memoryview(b"")  # what the kernel has not taken yet
        self._own = 0  # of TLS itself, behind the last write
        self._seal: Seal | None = None
        self._failed = False  # a write has failed: read what has arrived, then it is over
        self._told = False  # that it is over
        self.closed = False
        loop.add_reader(sock.fileno(), self._on_readable)

    @property
    def kept(self) -> int:
        """Bytes of the last write that have not left; nothing more may be written before it is 0."""
        return len(self._kept)

    def keeps(self, behind: int) -> bool:
        """Whether the byte that `behind` others follow in the last write has certainly not left."""
        if self._seal is not None:
            behind += self._own + RECORD_OVERHEAD * (2 + behind // RECORD)
        return len(self._kept) > behind

    def write(self, parts: Sequence[bytes]) -> None:
        """Hand over as much as the kernel takes and keep the rest; `moved` tells of its leaving."""
        if self._kept or self.closed:
            raise RuntimeError("the last write has not left")
        self._own = 0
        if self._seal is not None:
            # One write of the pieces joined costs a quarter of one for each piece.
            parts = (self._seal.close(b"".join(parts)),)
        elif len(parts) > MOST_PARTS:
            parts = (b"".join(parts),)
        self._send(parts)

    def acknowledge(self) -> None:
        """Tell the other end at once what was read, instead of along with our next bytes. Linux forgets it again."""
        if QUICK_ACK is not None and not self.closed:
            with contextlib.suppress(OSError):  # it is gone: the next read tells
                self._socket.setsockopt(socket.IPPROTO_TCP, QUICK_ACK, 1)

    def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Begin the handshake as client; `secured` tells of its end."""
        self._seal = Seal(context, host)
        self._shake(self._seal)

    def read_rest(self) -> None:
        """Hear what has arrived already, before anything is judged."""
        while not (self.closed or self._told) and self._read_once():
            pass

    def abort(self) -> None:
        """Close at once; nothing more leaves, not even what the kernel has taken."""
        if not self.closed:
            with contextlib.suppress(OSError):  # some systems refuse it once the other end is gone
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
            self._close()

    def close(self) -> None:
        """Close in peace. What is kept is thrown away."""
        if self.closed:
            return
        if self._seal is not None and not self._kept and not self._failed:
            self._send((self._seal.farewell(),))
        self._close()

    def _close(self) -> None:
        self.closed = True
        self._loop.remove_reader(self._socket.fileno())
        self._loop.remove_writer(self._socket.fileno())
        self._socket.close()

    # --- writing

    def _send(self, parts: Sequence[bytes]) -> None:
        sent = 0
        if not self._failed:
            try:
                sent = self._socket.sendmsg(parts)
            except (BlockingIOError, InterruptedError):
                pass
            except OSError as error:
                self._fail(error)
        if sent == sum(map(len, parts)):
            return
        self._kept = memoryview(b"".join(parts))[sent:]
        if not self._failed:
            self._loop.add_writer(self._socket.fileno(), self._on_writable)

    def _on_writable(self) -> None:
        try:
            sent = self._socket.send(self._kept)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._fail(error)
            return
        self._kept = self._kept[sent:]
        if not self._kept:
            self._loop.remove_writer(self._socket.fileno())
        self._listener.moved()

    def _fail(self, error: OSError) -> None:
        self._failed = True
        self._loop.remove_writer(self._socket.fileno())
        # Not from here: whoever writes is in the middle of something.
        self._loop.call_soon(self._end_after_failure, error)

    def _end_after_failure(self, error: OSError) -> None:
        self.read_rest()
        self._over(error)

    # --- reading

    def _on_readable(self) -> None:
        self._read_once()

    def _read_once(self) -> bool:
        """One read; False when there is nothing more to read now."""
        try:
            data = self._socket.recv(READ)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            self._over(error)
            return False
        if self._seal is not None:
            return self._unseal(self._seal, data)
        if not data:
            self._over(None)
            return False
        self._listener.heard(data)
        return True

    def _unseal(self, seal: "Seal", data: bytes) -> bool:
        if seal.shaking:
            if not data:
                self._over(None)
                return False
            seal.arrived(data)
            self._shake(seal)
            return not self.closed
        text, over, problem = seal.open(data)
        self._send_own(seal)
        if text:
            self._listener.heard(text)
        if over and not self.closed:
            self._over(OSError(f"TLS: {problem.reason or problem}") if problem is not None else None)
        return not over

    def _over(self, error: OSError | None) -> None:
        if self.closed or self._told:
            return
        self._told = True
        # Level-triggered: an end that is not taken off would be told for ever.
        self._loop.remove_reader(self._socket.fileno())
        self._listener.gone(error)

    def _shake(self, seal: "Seal") -> None:
        problem: ssl.SSLError | None = None
        try:
            done = seal.shake()
        except ssl.SSLError as error:
            problem, done = error, True
        self._send_own(seal)  # an alert too
        if done:
            self._listener.secured(problem)
            # What came in one read with the end of the handshake.
            if problem is None and not self.closed and (text := seal.open_rest()):
                self._listener.heard(text)

    def _send_own(self, seal: "Seal") -> None:
        """What TLS itself has to say goes behind what is kept."""
        own = seal.own()
        if own:
            self._own += len(own)
            kept, self._kept = bytes(self._kept), memoryview(b"")
            self._send((kept, own))


class Seal:
    """TLS without I/O: text in and sealed bytes out, and back (the client's side)."""

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self.shaking = True

    def arrived(self, data: bytes) -> None:
        self._incoming.write(data)

    def shake(self) -> bool:
        """Whether the handshake is done. Raises ssl.SSLError, a certificate that cannot be verified among them."""
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        self.shaking = False
        return True

    def close(self, text: bytes) -> bytes:
        """The text sealed, behind whatever TLS itself has to say. Memory takes all of it at once."""
        if self._object.write(text) != len(text):
            raise RuntimeError("TLS took a part of the text only")
        return self._outgoing.read()

    def open(self, data: bytes) -> tuple[bytes, bool, ssl.SSLError | None]:
        """The text of what has arrived; whether it is the end; and what is wrong. data: b"" = the line was cut."""
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
        texts: list[bytes] = []
        while True:
            try:
                text = self._object.read(READ)
            except ssl.SSLWantReadError:
                return b"".join(texts), not data, None
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b"".join(texts), True, None
            except ssl.SSLError as error:
                return b"".join(texts), True, error
            if not text:
                return b"".join(texts), True, None
            texts.append(text)

    def open_rest(self) -> bytes:
        """The text that came together with the end of the handshake."""
        try:
            return self._object.read(READ)
        except ssl.SSLError:
            return b""  # none yet, or an end that the next read tells too

    def own(self) -> bytes:
        """What TLS itself wants to say: handshake, alerts, new keys."""
        return self._outgoing.read()

    def farewell(self) -> bytes:
        with contextlib.suppress(ssl.SSLError):  # the other end's farewell is not waited for
            self._object.unwrap()
        return self._outgoing.read()
