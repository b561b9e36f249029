"""A local server that speaks Codabench's documented API, with a competition that tests change."""

import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

TOKEN = "0123456789abcdef"
COMPETITION, PHASE = 7, 21


def submission(number, owner="ada", status="Finished", score=0.5, **more):
    """A submission as ``/api/submissions/`` shows it, unread fields included."""
    scores = [
        {"id": number * 10, "index": 0, "score": f"{score:.10f}", "column_key": "score"},
        {"id": number * 10 + 1, "index": 1, "score": "0.0000000000", "column_key": "failed"},
    ]
    return {
        "id": number,
        "pk": number,
        "phase": PHASE,
        "phase_name": "Practice",
        "name": None,
        "filename": "mine.zip",
        "owner": owner,
        "created_when": f"2027-01-{number:02}T10:00:00.123456Z",
        "status": status,
        "status_details": None,
        "has_children": False,
        "parent": None,
        "children": [],
        "is_specific_task_re_run": False,
        "is_soft_deleted": False,
        "scores": scores if status == "Finished" else [],
        "task": {"id": 1, "name": "Practice"},
        **more,
    }


@dataclass
class Site:
    """What the server knows, and what it was asked."""

    submissions: list = field(default_factory=list)
    files: dict = field(default_factory=dict)
    organiser: bool = True
    phases: tuple = ("Practice", "Final")
    asked: list = field(default_factory=list)
    leaked: list = field(default_factory=list)
    busy: int = 0
    retry_after: str = "7"
    gone: set = field(default_factory=set)
    cut: set = field(default_factory=set)
    raw: str | None = None
    address: str = ""

    def add(self, number, content=b"PK", **more):
        self.submissions.append(submission(number, **more))
        self.files[number] = content

    def answer(self, path, query):
        """Return status and record of an API call."""
        if match := re.fullmatch(r"/api/competitions/(\d+)/", path):
            if int(match[1]) != COMPETITION:
                return 404, {"detail": "Not found."}
            phases = [{"id": PHASE + n, "name": name} for n, name in enumerate(self.phases)]
            record = {"id": COMPETITION, "title": "Small", "phases": phases, "terms": "x"}
            return 200, record | ({"secret_key": "s"} if self.organiser else {})
        if path == "/api/submissions/":
            listed = [
                each
                for each in reversed(self.submissions)
                if all(str(each[key]) == value for key, value in query.items() if key in each)
            ]
            return 200, listed
        if path == f"/api/phases/{PHASE}/get_leaderboard/":
            ranked = [each for each in self.submissions if each["scores"]]
            ranked.sort(key=lambda each: -float(each["scores"][0]["score"]))
            return 200, {"title": "Results", "submissions": [{"id": each["id"]} for each in ranked]}
        if match := re.fullmatch(r"/api/submissions/(\d+)/get_details/", path):
            number = int(match[1])
            if number in self.gone:
                return 404, {"detail": "No Submission matches the given query."}
            return 200, {"logs": [], "data_file": f"{self.address}/storage/{number}?signature=x"}
        return 404, {"detail": "Not found."}


@pytest.fixture
def site():
    known = Site()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            parts = urlsplit(self.path)
            known.asked.append(parts.path)
            if parts.path.startswith("/storage/"):
                return self.send_file(int(parts.path.rpartition("/")[2]))
            if known.busy:
                known.busy -= 1
                return self.send(429, {"detail": "throttled"}, {"Retry-After": known.retry_after})
            if self.headers.get("Authorization") != f"Token {TOKEN}":
                return self.send(403, {"detail": "Invalid token."})
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            return self.send(*known.answer(parts.path, query))

        def send_file(self, number):
            if "Authorization" in self.headers:
                known.leaked.append(self.path)
            content = known.files[number]
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if number in known.cut:
                known.cut.remove(number)
                self.wfile.write(content[:-1])
                self.close_connection = True
            else:
                self.wfile.write(content)

        def send(self, status, record, headers=()):
            content = (known.raw if known.raw is not None else json.dumps(record)).encode()
            self.send_response(status)
            for key, value in {**dict(headers), "Content-Length": str(len(content))}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    known.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield known
    server.shutdown()
    thread.join()
    server.server_close()
