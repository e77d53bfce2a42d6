"""Whose process is dead: told by the kernel's lock, not by a clock."""

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

from newsletter_cli.delivery.holder import Life, hold, life_of, signal_holders, sweep


def keep_holding(folder, names):
    with hold(folder) as holder:
        names.send(holder.name)
        signal.pause()


def a_holding_process(folder):
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=keep_holding, args=(folder, theirs))
    process.start()
    return process, ours.recv()


def test_a_killed_process_is_known_to_be_dead_at_once(tmp_path):
    process, name = a_holding_process(tmp_path)
    assert life_of(tmp_path, name) is Life.ALIVE
    os.kill(process.pid, signal.SIGSTOP)
    assert life_of(tmp_path, name) is Life.ALIVE
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert life_of(tmp_path, name) is Life.DEAD


def test_a_process_that_has_ended_is_dead_at_once_also_when_it_could_not_give_its_leases_back(tmp_path):
    with hold(tmp_path) as holder:
        assert life_of(tmp_path, holder.name) is Life.ALIVE
        assert (tmp_path / holder.name).stat().st_mode & 0o777 == 0o600
    assert life_of(tmp_path, holder.name) is Life.DEAD
    sweep(tmp_path, frozenset())
    assert life_of(tmp_path, holder.name) is Life.ELSEWHERE
    assert list(tmp_path.iterdir()) == []


def test_the_files_of_the_dead_are_swept_once_no_lease_names_them(tmp_path):
    for name in ("named", "forgotten"):
        (tmp_path / name).touch()
    with hold(tmp_path) as alive:
        sweep(tmp_path, frozenset({"named"}))
        assert {path.name for path in tmp_path.iterdir()} == {"named", alive.name}


def test_only_living_holders_are_signalled(tmp_path):
    heard = []
    before = signal.signal(signal.SIGUSR1, lambda number, frame: heard.append(number))
    try:
        with hold(tmp_path) as holder:
            (tmp_path / "dead").write_text(f'{{"pid": {os.getpid()}, "namespace": ""}}')
            assert signal_holders(tmp_path, frozenset({holder.name, "dead", "elsewhere"})) == 1
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert heard == [signal.SIGUSR1]


def test_whoever_looks_at_a_dead_one_while_others_look_finds_it_dead(tmp_path):
    with hold(tmp_path) as holder:
        pass
    with ThreadPoolExecutor(3) as lookers:
        seen = set(lookers.map(lambda _: life_of(tmp_path, holder.name), range(3000)))
    assert seen == {Life.DEAD}


def test_a_process_that_begins_while_others_sweep_keeps_its_lock(tmp_path):
    over = threading.Event()

    def sweep_on():
        while not over.is_set():
            sweep(tmp_path, frozenset())

    with ThreadPoolExecutor(2) as sweepers:
        sweeping = [sweepers.submit(sweep_on) for _ in range(2)]
        seen = set()
        try:
            for _ in range(1500):
                with hold(tmp_path) as holder:
                    seen.add(life_of(tmp_path, holder.name))
        finally:
            over.set()
        for one in sweeping:
            one.result(10)
    assert seen == {Life.ALIVE}
