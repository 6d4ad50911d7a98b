"""schemathesis over our own OpenAPI document, against a real Quorum server.

    openapi.py [SECONDS] [SCHEMATHESIS-OPTION …]

No reply may be a server's error, and none may be of a status, a content type or a shape that the document does
not tell. In `test` the same requests are made each time; the verb `openapi` tries others for longer.
"""

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

import requests

from quorum import Server

CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
]


def fill(server: Server, key: str) -> None:
    """A file, an address and a comment: some requests shall find something."""
    def post(path: str, **what) -> None:
        requests.post(f"{server.url}/api/v3{path}", headers={"x-apikey": key}, timeout=60, **what).raise_for_status()

    post("/files", files={"file": ("letter.txt", b"A letter to a friend.\n")})
    post("/urls", data={"url": "http://example.com/a"})
    comment = {"data": {"type": "comment", "attributes": {"text": "seen #before"}}}
    post("/domains/example.com/comments", json=comment)
    collection = {"data": {"type": "collection", "attributes": {"name": "IoCs"}, "raw_items": "example.com"}}
    post("/collections", json=collection)
    post("/references", json={"data": {"type": "reference", "attributes": {"url": "http://blog.example/"}}})


def counted(report: Path) -> tuple[int, int, int]:
    """Operations that passed, failed and were skipped, from a report in JUnit's form."""
    passed = failed = skipped = 0
    for case in ET.parse(report).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None:
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def main() -> int:
    seconds, *options = sys.argv[1:] or ["180"]
    server = Server()
    with tempfile.TemporaryDirectory(prefix="quorum-openapi-") as folder:
        key = server.add_user("tester", "duet-feeds")
        server.grant("admin", "private-scanning")
        fill(server, key)
        private = {"files": {"file": ("plan.txt", b"For nobody else.\n")}}
        address = f"{server.url}/api/v3/private/files"
        requests.post(address, headers={"x-apikey": server.admin}, timeout=60, **private).raise_for_status()
        report = Path(folder) / "report.xml"
        status = subprocess.run(
            [
                Path(sys.executable).with_name("schemathesis"), "run", f"{server.url}/api/v3/openapi.json",
                "--header", f"x-apikey: {server.admin}", "--max-time", seconds, "--checks", ",".join(CHECKS),
                "--continue-on-failure", "--no-color", "--warnings", "off",
                "--report", "junit", "--report-junit-path", report, *options,
            ],
            cwd=folder,
            env={**os.environ, "COLUMNS": "150"},
            check=False,
        ).returncode
        passed, failed, skipped = counted(report) if report.exists() else (0, 0, 0)
    server.stop()
    # A run that broke off without naming an operation is a failure too.
    failed = failed or int(status != 0)
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
