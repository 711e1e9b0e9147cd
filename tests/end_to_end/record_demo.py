"""Records what the demo's two mailers send, with the real client against a stub on this machine.

``python tests/end_to_end/record_demo.py`` writes the recordings that ship with the package;
``test_demo.py`` records again and compares. Nothing leaves the machine: the client is pointed
at the stub, and the recording names the host that it would have been sent to.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import runpy
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from unittest import mock

DATA = Path(__file__).parents[2] / "mailguard" / "demo_data"
PEOPLE = 1000
REAL_HOST = "https://api.sendgrid.com"
WHEN = "2019-11-01T06:00:00.000Z"
KEPT_HEADERS = ("content-type", "accept")


def addresses() -> list[str]:
    """A thousand generated people, on the three domains that nobody can own (RFC 2606, section 3)."""
    return [f"reader-{number:04}@example.{('com', 'org', 'net')[number % 3]}" for number in range(1, PEOPLE + 1)]


def requests_of(mailer: Path) -> list[dict[str, Any]]:
    """The requests that the real SendGrid client makes when ``mailer`` runs: method, path, headers, body."""
    import sendgrid

    seen: list[dict[str, Any]] = []

    class Stub(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            seen.append({"method": "POST", "path": self.path, "headers": headers, "body": body.decode()})
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Stub) as server, tempfile.TemporaryDirectory() as folder:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        stub = f"http://127.0.0.1:{server.server_address[1]}"
        customers = Path(folder) / "customers.csv"
        with customers.open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["email"])
            writer.writerows([address] for address in addresses())

        class Client(sendgrid.SendGridAPIClient):  # type: ignore[misc]  # the package ships no types
            def __init__(self, key: str) -> None:
                super().__init__(key, host=stub)

        environment = {"SENDGRID_API_KEY": "none", "no_proxy": "127.0.0.1"}
        with mock.patch.object(sendgrid, "SendGridAPIClient", Client), mock.patch.dict(os.environ, environment):
            module = runpy.run_path(str(mailer))
            module["announce"](str(customers), "The new index", "<p>The index changes on 22 November.</p>")
        server.shutdown()
    return seen


def as_har(requests: list[dict[str, Any]]) -> dict[str, Any]:
    """The requests as an HTTP archive, version 1.2, with the real host in place of the stub."""
    entries = [
        {
            "startedDateTime": WHEN,
            "time": 0,
            "request": {
                "method": request["method"],
                "url": REAL_HOST + request["path"],
                "httpVersion": "HTTP/1.1",
                "cookies": [],
                "headers": [
                    {"name": name, "value": value}
                    for name, value in sorted(request["headers"].items())
                    if name in KEPT_HEADERS
                ],
                "queryString": [],
                "postData": {"mimeType": request["headers"]["content-type"], "text": request["body"]},
                "headersSize": -1,
                "bodySize": len(request["body"].encode()),
            },
            "response": {
                "status": 202,
                "statusText": "Accepted",
                "httpVersion": "HTTP/1.1",
                "cookies": [],
                "headers": [],
                "content": {"size": 0, "mimeType": ""},
                "redirectURL": "",
                "headersSize": -1,
                "bodySize": 0,
            },
            "cache": {},
            "timings": {"send": 0, "wait": 0, "receive": 0},
        }
        for request in requests
    ]
    return {"log": {"version": "1.2", "creator": {"name": "mailguard", "version": "1"}, "entries": entries}}


def main() -> None:
    """Write both recordings."""
    for name in ("bulk", "repaired"):
        har = json.dumps(as_har(requests_of(DATA / f"{name}.txt")), indent=1)
        # No time and no name in the gzip header: the same requests give the same file.
        (DATA / f"{name}.har.gz").write_bytes(gzip.compress(har.encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
