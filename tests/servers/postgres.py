"""A private PostgreSQL: Debian's programs, a cluster in a temporary folder, reached over a Unix socket only."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from tests.servers import Missing, find_program, wait_until
from tests.servers.processes import give_to, start, stop

USER = "postgres"
PORT = 5432  # only part of the socket's name: the folder is our own

# Nothing here has to survive a power cut. synchronous_commit stays on: the program refuses a server without it.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "autovacuum": "off",
}


class Postgres:
    """A running cluster. `url(name)` is what `storage.database` takes."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self._folder = folder
        self._process = process
        self._admin = psycopg.connect(host=str(folder), port=PORT, user=USER, dbname="postgres", autocommit=True)

    def url(self, name: str) -> str:
        return f"postgresql://{USER}@/{name}?host={quote(str(self._folder), safe='')}&port={PORT}"

    def create(self, name: str, template: str = "template1") -> str:
        """Makes a database as a copy of `template`; its URL."""
        self._admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*map(sql.Identifier, (name, template))))
        return self.url(name)

    def drop(self, name: str) -> None:
        self._admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def stop(self) -> None:
        self._admin.close()
        stop(self._process, signal.SIGINT)  # "fast": does not wait for clients
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()


def start_postgres() -> Postgres:
    """A fresh cluster; Missing where Debian's PostgreSQL is not installed."""
    server = find_program("/usr/lib/postgresql/*/bin/postgres", "/usr/local/pgsql/bin/postgres")
    if server is None:
        raise Missing("PostgreSQL", "postgresql")
    folder = Path(tempfile.mkdtemp(prefix="nl-pg-", dir="/tmp"))  # short: a socket's path has 107 bytes at most
    give_to(USER, folder)
    try:
        _initdb(server.with_name("initdb"), folder)
        options = [f"-c{key}={value}" for key, value in SETTINGS.items()]
        process = start(
            [str(server), "-D", str(folder / "cluster"), "-k", str(folder), "-p", str(PORT), *options],
            user=USER, log=folder / "log", cwd=folder,
        )  # fmt: skip
        try:
            wait_until(lambda: _is_up(folder, process), seconds=30, what="PostgreSQL's start")
            return Postgres(folder, process)
        except BaseException:
            stop(process)
            raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _initdb(initdb: Path, folder: Path) -> None:
    making = start(
        [str(initdb), "--no-sync", "--no-instructions", "--auth=trust", f"--username={USER}", "--encoding=UTF8",
         "--locale=C.UTF-8", "-D", str(folder / "cluster")],
        user=USER, log=folder / "log", cwd=folder,
    )  # fmt: skip
    if making.wait(120) != 0:
        raise RuntimeError(f"initdb failed:\n{(folder / 'log').read_text()}")


def _is_up(folder: Path, process: subprocess.Popen[bytes]) -> bool:
    if process.poll() is not None:
        raise RuntimeError(f"PostgreSQL ended:\n{(folder / 'log').read_text()}")
    if not os.path.exists(folder / f".s.PGSQL.{PORT}"):
        return False
    try:
        psycopg.connect(host=str(folder), port=PORT, user=USER, dbname="postgres").close()
    except psycopg.OperationalError:  # "the database system is starting up"
        return False
    return True
