# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real Apache Traffic Server that behaves like the one of an Expressway-C.

One bare ``traffic_server`` process per peer, in a private run root, on loopback only. It maps the
paths of the mobile and remote access proxy to UC origins and verifies their certificates with the
trust store it is given. A bare process cannot be reconfigured, but it restarts in about a second.

Works for root (the process then runs as an unprivileged user) and for ordinary users; any number
of instances run side by side.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

BINARY = "traffic_server"
UNPRIVILEGED_USERS = ("trafficserver", "nobody")

EXPRESSWAY_CIPHER_LIST = (
    "EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:!aNULL:!aDH"
)
TLS_VERSIONS = {"1.0": "TLSv1", "1.1": "TLSv1_1", "1.2": "TLSv1_2", "1.3": "TLSv1_3"}

# A name that only the hosts file knows: while Traffic Server has not read that file it answers 500.
CANARY = "hosts-are-read.invalid"

EMPTY_FILES = (
    "plugin.config",
    "ssl_multicert.config",
    "storage.config",
    "hosting.config",
    "volume.config",
    "parent.config",
    "cache.config",
    "splitdns.config",
    "socks.config",
    "sni.yaml",
    "strategies.yaml",
)

# One line a request: when it came, how long it took, from where, what it got, whom it was sent to.
REQUEST_FIELDS = ("cqtq", "ttms", "chi", "chp", "cqhm", "pssc", "shi", "cquup", "cquuc")
LOGGING = f"""\
logging:
  formats:
    - name: requests
      format: '{" ".join(f"%<{name}>" for name in REQUEST_FIELDS)}'
  logs:
    - filename: requests
      format: requests
      mode: ascii
"""

IP_ALLOW = """\
ip_allow:
  - apply: in
    ip_addrs: 127.0.0.0/8
    action: allow
    methods: ALL
  - apply: in
    ip_addrs: 0/0
    action: deny
    methods: ALL
"""


def installed() -> bool:
    """Whether the ``traffic_server`` program (Debian package ``trafficserver``) is there."""
    return _binary() is not None


def _binary() -> str | None:
    # Debian puts it into /usr/bin; the sbin folders are not in every user's PATH.
    folders = [*os.environ.get("PATH", "").split(os.pathsep), "/usr/sbin", "/usr/local/sbin"]
    return shutil.which(BINARY, path=os.pathsep.join(folders))


@dataclass(frozen=True)
class Route:
    """One mapped path: ``http://<listen>/<path>/…`` → ``https://<host>:<port>/…``.

    ``path`` is the token of the client's URL, with or without slashes. ``host`` is the origin's
    address as the client asked for it (a name of ``hosts`` or an IPv4 address): it is what the
    certificate must cover. ``trust_store`` overrides the server's own for this path.
    """

    path: str
    host: str
    port: int
    trust_store: Path | None = None


@dataclass
class TrafficServer:
    """One Traffic Server process; see the module for what it stands for.

    ``run_root`` is a folder of its own, made when missing. Trust store files are read at
    ``start()``: what is written to them later needs a ``restart()``. ``verify`` False is
    ``VerifyOriginServer: Off``. ``security_level`` is OpenSSL's, 0 to 5.
    """

    run_root: Path
    listen: tuple[str, int]
    hosts: Mapping[str, str]
    routes: Sequence[Route]
    verify: bool = field(kw_only=True)
    trust_store: Path = field(kw_only=True)
    cipher_list: str = field(default=EXPRESSWAY_CIPHER_LIST, kw_only=True)
    minimum_tls: str = field(default="1.2", kw_only=True)
    security_level: int = field(default=1, kw_only=True)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)
    _root: Path = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.listen[0].startswith("127."):
            raise ValueError(f"{self.listen[0]} is not a loopback address")
        if self.minimum_tls not in TLS_VERSIONS:
            raise ValueError(f"minimum_tls must be one of {', '.join(TLS_VERSIONS)}")
        self.run_root = Path(self.run_root).resolve()
        self._root = self.run_root

    @property
    def log(self) -> Path:
        """The file with the ``WARNING: Core server certificate verification failed`` lines."""
        return self._root / "var/log/trafficserver/diags.log"

    @property
    def requests(self) -> Path:
        """The file with one line a request, `REQUEST_FIELDS`; written about a second late."""
        return self._root / "var/log/trafficserver/requests.log"

    @property
    def output(self) -> Path:
        """What the process wrote to its standard output and error."""
        return self._root / "traffic_server.out"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Write the configuration and start the process; does not wait, see ``wait_ready``.

        Raises RuntimeError when the program is not installed or this instance already runs.
        """
        binary = _binary()
        if binary is None:
            raise RuntimeError("traffic_server is not installed (Debian package trafficserver)")
        if self._process is not None:
            raise RuntimeError(f"Traffic Server in {self.run_root} is already running")
        self.run_root.mkdir(parents=True, exist_ok=True)
        self._end_predecessor()
        user = _unprivileged_user() if os.geteuid() == 0 else None
        self._root = self._reachable_root(user)
        self._write_configuration()
        identity: dict[str, Any] = {}
        if user is not None:
            for path in [self._root, *self._root.rglob("*")]:
                os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
            identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                [binary, f"--run-root={self._root}"],
                cwd=self._root,
                env={"PATH": os.environ.get("PATH", os.defpath), "TS_RUNROOT": str(self._root)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **identity,
            )
        self._pid_file.write_text(f"{self._process.pid} {self._root}\n")

    def wait_ready(self, deadline: float = 15.0) -> None:
        """Wait until requests are served and names resolve, at most ``deadline`` seconds from now.

        Raises TimeoutError, or RuntimeError with the program's last output when it ended.
        """
        end = time.monotonic() + deadline
        while self.canary_status() != 502:
            if self._process is None or self._process.poll() is not None:
                raise RuntimeError(f"Traffic Server did not start:\n{self._last_output()}")
            if time.monotonic() > end:
                raise TimeoutError(
                    f"Traffic Server on {self.listen[0]}:{self.listen[1]} was not ready "
                    f"in {deadline:g} s:\n{self._last_output()}"
                )
            time.sleep(0.05)

    def stop(self) -> None:
        """End the process; nothing happens when it does not run."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()  # an orderly end takes a second, and there is no cache to save
        process.wait()
        self._pid_file.unlink(missing_ok=True)
        if self._root != self.run_root:
            shutil.rmtree(self._root, ignore_errors=True)

    def restart(self, **changes: Any) -> None:
        """Stop, take over changed fields (``verify=False``, ``routes=…``) and start again."""
        self.stop()
        changed = replace(self, **changes)  # the same checks as for a new one
        for name in changes:
            setattr(self, name, getattr(changed, name))
        self.start()

    def __enter__(self) -> TrafficServer:
        self.start()
        try:
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def _pid_file(self) -> Path:
        return self.run_root / "traffic_server.pid"

    def _end_predecessor(self) -> None:
        """End a process that a killed owner left behind in this run root, and no other."""
        try:
            pid_text, root = self._pid_file.read_text().split(maxsplit=1)
            arguments = _arguments(int(pid_text))
        except (OSError, ValueError):
            return
        if f"--run-root={root.strip()}".encode() not in arguments:
            return
        os.kill(int(pid_text), signal.SIGKILL)
        for _look in range(100):
            if not _arguments(int(pid_text)):  # also empty while the dead process is not reaped
                break
            time.sleep(0.05)
        if Path(root.strip()) != self.run_root:
            shutil.rmtree(root.strip(), ignore_errors=True)

    def _reachable_root(self, user: pwd.struct_passwd | None) -> Path:
        """The run root, or a temporary one where the unprivileged user cannot reach it."""
        if user is None or all(parent.stat().st_mode & 0o001 for parent in self.run_root.parents):
            return self.run_root
        return Path(tempfile.mkdtemp(prefix="traffic-server-"))

    def canary_status(self) -> int | None:
        """What a request that reaches no origin is answered: 502 once names are known, None while nobody listens."""
        connection = http.client.HTTPConnection(*self.listen, timeout=2)
        try:
            connection.request("GET", f"/{CANARY}/")
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def _last_output(self) -> str:
        texts = [
            path.read_text(errors="replace") for path in (self.output, self.log) if path.exists()
        ]
        return "\n".join("\n".join(text.splitlines()[-15:]) for text in texts)

    def _write_configuration(self) -> None:
        root, configuration = self._root, self._root / "etc/trafficserver"
        folders = {
            "prefix": root,
            "exec_prefix": Path("/usr"),
            "bindir": Path("/usr/bin"),
            "sbindir": Path("/usr/sbin"),
            "sysconfdir": configuration,
            "datadir": root / "var/cache/trafficserver",
            "includedir": Path("/usr/include"),
            "libdir": Path("/usr/lib/trafficserver"),
            "libexecdir": Path("/usr/lib/trafficserver/modules"),
            "localstatedir": root / "var",
            "runtimedir": root / "var/run",
            "logdir": root / "var/log/trafficserver",
            "cachedir": root / "var/cache/trafficserver",
        }
        trust = configuration / "trust"
        shutil.rmtree(trust, ignore_errors=True)
        for folder in (*folders.values(), trust):
            if root in (folder, *folder.parents):
                folder.mkdir(parents=True, exist_ok=True)
        for path in (self.log, self.requests, self.output):
            path.unlink(missing_ok=True)
        files = {
            root / "runroot.yaml": "".join(f"{key}: {value}\n" for key, value in folders.items()),
            configuration / "hosts": self._hosts(),
            configuration / "ip_allow.yaml": IP_ALLOW,
            configuration / "logging.yaml": LOGGING,
            configuration / "records.config": self._records(configuration),
            configuration / "remap.config": self._remap(trust),
            **{configuration / name: "" for name in EMPTY_FILES},
        }
        for path, text in files.items():
            path.write_text(text)

    def _hosts(self) -> str:
        names = {**self.hosts, CANARY: "127.0.0.1"}
        return "".join(f"{address} {name}\n" for name, address in names.items())

    def _remap(self, trust: Path) -> str:
        lines = [f"map /{CANARY}/ http://{CANARY}:1/"]
        for route in self.routes:
            line = f"map /{route.path.strip('/')}/ https://{route.host}:{route.port}/"
            # Every rule names its trust store, so that a bad file harms its own routes only; with
            # verification off none is named, because even then a bad file would answer 502.
            if self.verify:
                name = _copy_trust_store(route.trust_store or self.trust_store, trust)
                line += f" @plugin=conf_remap.so @pparam=proxy.config.ssl.client.CA.cert.filename={name}"
            lines.append(line)
        return "\n".join(lines) + "\n"

    def _records(self, configuration: Path) -> str:
        address, port = self.listen
        oldest = list(TLS_VERSIONS).index(self.minimum_tls)
        settings: dict[str, int | str] = {
            "http.server_ports": f"{port}:ip-in={address}:ip-out={address}",
            "url_remap.remap_required": 1,
            "url_remap.pristine_host_hdr": 0,
            "http.cache.http": 0,
            # Every request a fresh connection and one attempt: pooled connections and resumed
            # sessions are not verified again.
            "http.keep_alive_enabled_out": 0,
            "ssl.origin_session_cache": 0,
            "http.connect_attempts_max_retries": 0,
            "http.connect.dead.policy": 0,
            "hostdb.host_file.path": str(configuration / "hosts"),
            "ssl.client.verify.server.policy": "ENFORCED" if self.verify else "DISABLED",
            "ssl.client.verify.server.properties": "ALL",
            "ssl.client.CA.cert.path": str(configuration / "trust"),
            "ssl.client.cipher_suite": f"{self.cipher_list}:@SECLEVEL={self.security_level}",
            **{
                f"ssl.client.{name}": int(index >= oldest)
                for index, name in enumerate(TLS_VERSIONS.values())
            },
            "exec_thread.autoconfig": 0,
            "exec_thread.limit": 1,
            "task_threads": 1,
            "cache.ram_cache.size": 1048576,
            "log.logging_enabled": 3,
            "log.max_secs_per_buffer": 1,
            "log.periodic_tasks_interval": 1,
            "crash_log_helper": "NULL",
        }
        return "".join(
            f"CONFIG proxy.config.{name} {'INT' if isinstance(value, int) else 'STRING'} {value}\n"
            for name, value in settings.items()
        )


def _arguments(pid: int) -> list[bytes]:
    """The command line of a running process; empty when there is none."""
    try:
        return [word for word in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") if word]
    except OSError:
        return []


def _unprivileged_user() -> pwd.struct_passwd:
    for name in UNPRIVILEGED_USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError(f"root needs one of the users {', '.join(UNPRIVILEGED_USERS)}")


def _copy_trust_store(source: Path, folder: Path) -> str:
    content = source.read_bytes()
    name = f"{hashlib.sha256(content).hexdigest()[:32]}.pem"
    (folder / name).write_bytes(content)
    return name
