"""Starts a real `quorum serve` for a test: free port, empty data folder, stopped and removed at the end."""

import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import tempfile
from pathlib import Path

BINARY = os.environ.get("QUORUM_BIN") or str(
    Path(os.environ.get("CARGO_TARGET_DIR", Path.home() / ".cache/quorum/target")) / "debug/quorum"
)


class Server:
    """A running server. `url` is its origin and `admin` the key that its first start printed."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="quorum-clients-")
        self.data = Path(self._folder.name) / "data"
        self._log = open(Path(self._folder.name) / "server.log", "w+", encoding="utf-8")
        self._process = subprocess.Popen(
            [BINARY, "serve", "--listen", "127.0.0.1:0", "--data", str(self.data)],
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self.url = self.admin = ""
        assert self._process.stdout
        for line in self._process.stdout:
            if found := re.search(r"API key \(shown once\): ([0-9a-f]{64})$", line.strip()):
                self.admin = found[1]
            if found := re.search(r"listening on (http://\S+)$", line.strip()):
                self.url = found[1]
                return
        raise RuntimeError(f"the server did not start:\n{self.log()}")

    def log(self) -> str:
        """What the server wrote to stderr so far."""
        self._log.flush()
        return Path(self._log.name).read_text(encoding="utf-8")

    def add_user(self, name: str, tier: str) -> str:
        """Adds a user by the command line and returns the new API key."""
        done = subprocess.run(
            [BINARY, "user", "add", name, "--tier", tier, "--data", str(self.data)],
            capture_output=True,
            text=True,
            check=False,
        )
        found = re.search(r"\b[0-9a-f]{64}\b", done.stdout)
        if done.returncode or not found:
            raise RuntimeError(f"`quorum user add` failed: {done.stdout}{done.stderr}")
        return found[0]

    def grant(self, group: str, add_on: str) -> None:
        """Grants a group an add-on by the command line."""
        subprocess.run(
            [BINARY, "group", "grant", group, add_on, "--data", str(self.data)], capture_output=True, check=True
        )

    def import_behaviour(self, sha256: str, report: dict) -> None:
        """Takes a sandbox's report in by the command line."""
        subprocess.run(
            [BINARY, "import", "behaviour", "-", "--sample", sha256, "--data", str(self.data)],
            input=json.dumps(report), capture_output=True, text=True, check=True,
        )

    def rewrite(self, statement: str, *values) -> None:
        """Changes rows beside the running server: the only way to let time pass."""
        with contextlib.closing(sqlite3.connect(self.data / "quorum.sqlite", timeout=60)) as store, store:
            store.execute(statement, values)

    def stop(self) -> None:
        """Asks the server to shut down as a service manager does, and waits for it."""
        self._process.send_signal(signal.SIGTERM)
        status = self._process.wait(timeout=30)
        log = self.log()
        self._log.close()
        self._folder.cleanup()
        if status:
            raise RuntimeError(f"the server ended with status {status}:\n{log}")
