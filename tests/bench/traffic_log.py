# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the analysis of a log costs: beside `grep -F`, `cat`, a parser that looks at each line, and `tar | grep`.

Run from the project root: `python -m tests.bench.traffic_log [--size MB] [--rounds N] [--large GB]`. Exits with 1 when a
goal is missed. Ratios are of CPU time of process trees in one run; the competitors take turns, median of the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from tests.unit.traffic_log.generated import ORIGINS, START, one_request, peers_of

SIGNATURES = ("certificate verification failed for (", "not in certificate")
GREP = ["env", "LC_ALL=C", "grep", "-F", *(part for text in SIGNATURES for part in ("-e", text))]
OURS = [sys.executable, "-m", "tests.bench.log_readers", "analyse"]
EACH_LINE = [sys.executable, "-m", "tests.bench.log_readers", "each-line"]
BLOCK = 4 * 1024 * 1024
REFUSALS_IN_A_QUIET_LOG = 150
GOALS = {
    "L1: CPU, to grep -F": 1.2,
    "L2: CPU, to a regular expression for each line": 1 / 6,
    "L3: CPU, to cat": 9.0,
    "L4: CPU on tar.gz, to tar | grep -F": 0.7,
    "L4: wall time on tar.gz, to tar | grep -F": 1.0,
    "L5: memory in MB": 64.0,
    "L5: memory, 4 times the size": 1.1,
    "L6: CPU at 2.5 % refusals, to grep -F": 3.0,
}


def records(rng: random.Random, refused: float) -> Iterator[bytes]:
    """Records without end: SIP messages, other programs, requests; `refused` is the part of them that tells of a refusal,
    in the WARNING or the ERROR that follows it."""
    (peer,) = peers_of(rng, 1)
    good = [origin for origin in ORIGINS if origin.fault is None]
    bad = [origin for origin in ORIGINS if origin.fault not in (None, "down")]
    at, written, telling = START, 0, 0
    while True:
        at += timedelta(milliseconds=rng.randint(1, 40))
        origin = rng.choice(bad if telling < refused * written else good)
        made = [
            line
            for _time, line, _truth in one_request(peer, at, origin, f"user{rng.randint(1, 500)}")
        ]
        telling += 2 * sum(" WARNING: " in line for line in made)
        for _other in range(2):
            number = rng.getrandbits(64)
            made.append(
                peer.line(
                    at,
                    f'Level="INFO" Detail="State {number:x}" Service="x" Thread="0x{number:x}"',
                    "edgeconfig",
                )
            )
            made.append(
                peer.line(
                    at,
                    f'Module="network.sip" Level="DEBUG":  Action="Received" Msg-Hash="{number}"',
                    "tvcs",
                )
                + f"\n SIPMSG:\n|REGISTER sip:example.test SIP/2.0\n Via: SIP/2.0/TLS 10.0.0.1:5061;branch=z9hG4bK{number:x}\n"
                f" Call-ID: {number:x}@10.1.1.1\n Contact: <sip:{number:x}@10.1.1.1:5061;transport=tls>\n"
                " Content-Length: 0\n\n|"
            )
        text = "".join(f"{line}\n" for line in made)
        written += len(made)
        yield text.encode()


def write_log(path: Path, size: int, refused: float) -> int:
    """A log of about `size` bytes; the number of refusals in it.

    Large ones repeat blocks of a few MB. A part of 0 means none, below 0 that a few stand at even distances.
    """
    rng = random.Random(11)
    blocks = [_block(records(rng, max(refused, 0)), BLOCK) for _number in range(4)]
    few = _block(records(rng, 1.0), 8 * 1024)
    written = refusals = 0
    with path.open("wb") as file:
        count = max(1, size // BLOCK)
        for number in range(count):
            pieces = [blocks[number % len(blocks)]]
            if refused < 0 and number % max(1, count // 30) == 0:
                pieces.append(few)
            for piece in pieces:
                file.write(piece)
                written += len(piece)
                refusals += sum(piece.count(text.encode()) for text in SIGNATURES)
    os.sync()  # what goes to the disk later would be in the way of the first rounds
    return refusals


def _block(made: Iterator[bytes], size: int) -> bytes:
    pieces, total = [], 0
    while total < size:
        pieces.append(next(made))
        total += len(pieces[-1])
    return b"".join(pieces)


def spent(
    command: Sequence[str], then: Sequence[str] | None = None
) -> tuple[float, float, float, str]:
    """(CPU seconds, wall seconds, peak MB of the last process, its output) of a command, or of a pipe of two."""
    before = os.times()
    # Python may keep what it compiles, as it does for everybody.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    first = subprocess.Popen(command, stdout=subprocess.PIPE, env=kept)
    last = first
    if then is not None:
        last = subprocess.Popen(then, stdin=first.stdout, stdout=subprocess.PIPE, env=kept)
    assert last.stdout is not None
    output = last.stdout.read().decode()
    _pid, status, usage = os.wait4(last.pid, 0)
    last.returncode = status
    if then is not None:
        first.wait()
    after = os.times()
    cpu = sum(after[2:4]) - sum(before[2:4])
    return cpu, after[4] - before[4], usage.ru_maxrss / 1024, output


def refusals_told(output: str) -> int:
    return int(json.loads(output)["refused"])


class Bench:
    """Measures ratios, prints them, and remembers whether all goals were reached."""

    def __init__(self, rounds: int) -> None:
        self.rounds = rounds
        self.reached = True

    def goal(self, name: str, measured: float) -> None:
        wanted = GOALS[name]
        self.reached &= measured <= wanted
        print(
            f"{'ok  ' if measured <= wanted else 'MISS'} {name}: {measured:.2f}, wanted {wanted:.2f}",
            flush=True,
        )

    def medians(
        self, competitors: Sequence[tuple[Sequence[str], Sequence[str] | None]], refusals: int
    ) -> list[tuple[float, float, float]]:
        """Median (CPU, wall, MB) of each; the first one is ours and must have found every refusal."""
        seen: list[list[tuple[float, float, float]]] = [[] for _one in competitors]
        for number in range(self.rounds):
            for offset in range(len(competitors)):
                index = (number + offset) % len(competitors)
                cpu, wall, memory, output = spent(*competitors[index])
                if index == 0:
                    assert refusals_told(output) == refusals, (output, refusals)
                seen[index].append((cpu, wall, memory))
        return [
            (
                statistics.median(one[0] for one in runs),
                statistics.median(one[1] for one in runs),
                statistics.median(one[2] for one in runs),
            )
            for runs in seen
        ]

    def plain(self, folder: Path, size: int) -> float:
        """A quiet log against everybody; returns our memory."""
        path = folder / "quiet.log"
        refusals = write_log(path, size, -1)
        rivals = [[*OURS, str(path)], [*GREP, "-c", str(path)], ["cat", str(path)]]
        rivals[2] = ["sh", "-c", 'exec cat "$0" > /dev/null', str(path)]
        ours, grep, cat = self.medians([(rival, None) for rival in rivals], refusals)
        print(
            f"{size >> 20} MB, {refusals} refusals: ours {ours[0]:.2f} s, grep -F {grep[0]:.2f} s, cat {cat[0]:.2f} s"
        )
        self.goal("L1: CPU, to grep -F", ours[0] / grep[0])
        each = spent([*EACH_LINE, str(path)])
        assert refusals_told(each[3]) == refusals
        self.goal("L2: CPU, to a regular expression for each line", ours[0] / each[0])
        self.goal("L3: CPU, to cat", ours[0] / cat[0])
        cpu, wall = self.packed(path, refusals)
        self.goal("L4: CPU on tar.gz, to tar | grep -F", cpu)
        self.goal("L4: wall time on tar.gz, to tar | grep -F", wall)
        path.unlink()
        return ours[2]

    def packed(self, path: Path, refusals: int) -> tuple[float, float]:
        """The same log as tar.gz against tar and grep; ratios of CPU and of wall time."""
        archive = path.with_suffix(".tar.gz")
        subprocess.run(["tar", "czf", archive, "-C", path.parent, path.name], check=True)
        ours, tar = self.medians(
            [([*OURS, str(archive)], None), (["tar", "xzOf", str(archive)], [*GREP, "-c"])],
            refusals,
        )
        print(
            f"tar.gz: ours {ours[0]:.2f} s CPU, {ours[1]:.2f} s; tar | grep -F {tar[0]:.2f} s CPU, {tar[1]:.2f} s"
        )
        archive.unlink()
        return ours[0] / tar[0], ours[1] / tar[1]

    def dense(self, folder: Path, size: int) -> None:
        for part in (0.0, 0.001, 0.025, 0.05):
            path = folder / "dense.log"
            refusals = write_log(path, size, part)
            ours, grep = self.medians(
                [([*OURS, str(path)], None), ([*GREP, "-c", str(path)], None)], refusals
            )
            print(
                f"{part:.1%} refusals ({refusals}): ours {ours[0]:.2f} s, grep -F {grep[0]:.2f} s, {ours[0] / grep[0]:.2f}"
            )
            if part == 0.025:
                self.goal("L6: CPU at 2.5 % refusals, to grep -F", ours[0] / grep[0])
                self.packed(path, refusals)
            path.unlink()

    def memory(self, folder: Path, small: int, large: int) -> None:
        """Peak memory for logs through a pipe, so that a large one needs no disk."""
        peaks = [self._through_a_pipe(folder, size) for size in (small, large)]
        print(
            f"memory: {peaks[0]:.0f} MB for {small >> 20} MB, {peaks[1]:.0f} MB for {large >> 20} MB"
        )
        self.goal("L5: memory in MB", max(peaks))
        self.goal("L5: memory, 4 times the size", peaks[1] / peaks[0])

    @staticmethod
    def _through_a_pipe(folder: Path, size: int) -> float:
        pipe = folder / "pipe.log"
        os.mkfifo(pipe)
        block = _block(records(random.Random(5), 0.0005), BLOCK)

        def write() -> None:
            with pipe.open("wb") as file:
                for _number in range(size // len(block)):
                    file.write(block)

        writer = threading.Thread(target=write, daemon=True)
        writer.start()
        _cpu, _wall, memory, _output = spent([*OURS, str(pipe)])
        writer.join()
        pipe.unlink()
        return memory


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=500, help="MB of the logs")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--large",
        type=float,
        default=2.0,
        help="GB through the pipe for memory, beside 50 MB",
    )
    options = parser.parse_args()
    bench = Bench(options.rounds)
    size = options.size << 20
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bench.plain(folder, size)
        bench.dense(folder, size)
        bench.memory(folder, 50 << 20, int(options.large * (1 << 30)))
    print("all goals reached" if bench.reached else "A GOAL IS MISSED")
    return 0 if bench.reached else 1


if __name__ == "__main__":
    sys.exit(main())
