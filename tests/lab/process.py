# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The process of an estate that outlives the command that started it.

The running process holds a lock on its pid file. So a number in a pid file is only ever trusted,
and signalled, while the process that wrote it lives.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
SECONDS_TO_START = 60.0
SECONDS_TO_END = 20.0


def default_state(network: str) -> Path:
    """Where the files of the estate on ``network`` are, unless told otherwise."""
    return PROJECT / ".cache" / "lab" / network


class LabError(Exception):
    """Something a person can mend; the message says what."""


@contextlib.contextmanager
def holding(pid_file: Path) -> Iterator[None]:
    """Hold ``pid_file`` for this process while the block runs.

    Raises LabError when another process holds it.
    """
    pid_file.parent.mkdir(parents=True, exist_ok=True)
    with pid_file.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LabError(f"an estate runs already: pid {pid_file.read_text().strip()}") from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        try:
            yield
        finally:
            pid_file.unlink(missing_ok=True)


def holder(pid_file: Path) -> int | None:
    """The pid of the process that holds ``pid_file``; None when nobody does."""
    try:
        with pid_file.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        text = pid_file.read_text().strip()
        return int(text) if text.isdigit() else None
    return None


def start_detached(arguments: list[str], state: Path) -> int:
    """Start ``python -m tests.lab ARGUMENTS`` in the background and wait until it is ready.

    Ready means that ``estate.json`` was written. Returns the pid; raises LabError with the last
    lines of the log when the process ends or is not ready in time.
    """
    state.mkdir(parents=True, exist_ok=True)
    ready = state / "estate.json"
    ready.unlink(missing_ok=True)
    log = state / "estate.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.lab", *arguments],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    end = time.monotonic() + SECONDS_TO_START
    while not ready.exists():
        if process.poll() is not None:
            raise LabError(f"the estate did not start:\n{_last_lines(log)}")
        if time.monotonic() > end:
            process.terminate()
            raise LabError(
                f"the estate was not ready in {SECONDS_TO_START:g} s:\n{_last_lines(log)}"
            )
        time.sleep(0.05)
    return process.pid


def end(pid_file: Path) -> int | None:
    """End the process that holds ``pid_file``; its pid, or None when nobody holds it.

    Raises LabError when it does not end in time.
    """
    pid = holder(pid_file)
    if pid is None:
        return None
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + SECONDS_TO_END
    while holder(pid_file) == pid:
        if time.monotonic() > deadline:
            raise LabError(f"pid {pid} did not end in {SECONDS_TO_END:g} s")
        time.sleep(0.05)
    return pid


def _last_lines(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])
