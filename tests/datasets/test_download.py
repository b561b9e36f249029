"""Downloads from a server of the test's own, which can break off, truncate, corrupt and refuse."""

import hashlib
import http.server
import io
import re
import tarfile
import threading
from dataclasses import replace

import pytest

from zcnas.datasets.download import INCOMPLETE, fetch
from zcnas.datasets.sources import SOURCES, Download, Source
from zcnas.errors import DownloadError

CONTENT = bytes(range(256)) * 4000  # a megabyte that tells where it was cut


class Server:
    """Serves one file; what goes wrong is set by attributes.

    Attributes:
        content: The file.
        etag: Its tag, or None.
        breaks_after: How many bytes each answer sends of those it announced, or None for all.
        ranges: Whether parts are served.
        status: The status of every answer, if not 200 or 206.
        requested: The Range header of each request, in order.
    """

    def __init__(self):
        self.content = CONTENT
        self.etag = '"one"'
        self.breaks_after = None
        self.ranges = True
        self.status = None
        self.requested = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.answer(self)

            def log_message(self, *arguments):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/file"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def answer(self, request):
        wanted = request.headers.get("Range")
        self.requested.append(wanted)
        if self.status:
            request.send_response(self.status)
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted and self.ranges else 0
        if request.headers.get("If-Range") not in (None, self.etag):
            start = 0
        if start and start >= len(self.content):
            request.send_response(416)
            request.send_header("Content-Range", f"bytes */{len(self.content)}")
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        part = self.content[start:]
        request.send_response(206 if start else 200)
        if start:
            size = len(self.content)
            request.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        if self.etag:
            request.send_header("ETag", self.etag)
        request.send_header("Content-Length", str(len(part)))
        request.end_headers()
        request.wfile.write(part[: self.breaks_after])
        request.close_connection = True

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def server():
    running = Server()
    yield running
    running.close()


def source_of(server, md5=None, is_archive=False, files=("svhn/train.mat",)):
    name = "archive.tar.gz" if is_archive else files[0]
    md5 = hashlib.md5(server.content).hexdigest() if md5 is None else md5
    return Source("SVHN", ("svhn",), files, (Download(server.url, name, md5, 1, is_archive),))


def files_in(folder):
    """Every file, and every folder that holds nothing."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() or not any(path.iterdir())
    )


def test_a_file_is_fetched_whole_and_nothing_else_is_left(server, tmp_path):
    told = []
    fetch(source_of(server), tmp_path, lambda done, total: told.append((done, total)))
    assert (tmp_path / "svhn" / "train.mat").read_bytes() == CONTENT
    assert files_in(tmp_path) == ["svhn/train.mat"]
    assert not (tmp_path / INCOMPLETE).exists()
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_what_is_there_is_not_fetched_again(server, tmp_path):
    fetch(source_of(server), tmp_path)
    fetch(source_of(server), tmp_path)
    assert server.requested == [None]


def test_a_connection_that_breaks_is_taken_up_where_it_ended(server, tmp_path):
    server.breaks_after = 400_000
    fetch(source_of(server), tmp_path)
    assert (tmp_path / "svhn" / "train.mat").read_bytes() == CONTENT
    assert server.requested == [None, "bytes=400000-", "bytes=800000-"]


def test_a_download_that_breaks_off_for_good_says_so_and_is_continued_by_the_next_call(
    server, tmp_path
):
    server.breaks_after = 100_000
    with pytest.raises(
        DownloadError, match=r"broke off after 400000 bytes .*repeat the command to resume"
    ):
        fetch(source_of(server), tmp_path)
    assert files_in(tmp_path) == [".incomplete/train.mat.etag", ".incomplete/train.mat.partial"]
    server.breaks_after = None
    server.requested.clear()
    fetch(source_of(server), tmp_path)
    assert server.requested == ["bytes=400000-"]
    assert (tmp_path / "svhn" / "train.mat").read_bytes() == CONTENT
    assert files_in(tmp_path) == ["svhn/train.mat"]


def test_a_server_without_ranges_is_asked_for_everything_again(server, tmp_path):
    server.breaks_after = 100_000
    with pytest.raises(DownloadError):
        fetch(source_of(server), tmp_path)
    server.breaks_after, server.ranges = None, False
    fetch(source_of(server), tmp_path)
    assert (tmp_path / "svhn" / "train.mat").read_bytes() == CONTENT


def test_a_file_that_changed_at_the_server_is_fetched_from_the_start(server, tmp_path):
    server.breaks_after = 100_000
    with pytest.raises(DownloadError):
        fetch(source_of(server), tmp_path)
    server.breaks_after, server.etag, server.content = None, '"two"', CONTENT[::-1]
    fetch(source_of(server), tmp_path)
    assert (tmp_path / "svhn" / "train.mat").read_bytes() == CONTENT[::-1]


def test_a_file_that_had_arrived_in_full_is_not_sent_again(server, tmp_path):
    (tmp_path / INCOMPLETE).mkdir()
    (tmp_path / INCOMPLETE / "train.mat.partial").write_bytes(CONTENT)
    fetch(source_of(server), tmp_path)
    assert server.requested == [f"bytes={len(CONTENT)}-"]
    assert files_in(tmp_path) == ["svhn/train.mat"]


def test_a_truncated_file_is_refused_by_its_checksum_and_deleted(server, tmp_path):
    whole = source_of(server)
    server.content = CONTENT[:-1]  # the server believes it to be all
    with pytest.raises(DownloadError, match="does not have the published checksum .*was deleted"):
        fetch(whole, tmp_path)
    assert files_in(tmp_path) == []


def test_a_corrupted_file_is_refused_by_its_checksum_and_deleted(server, tmp_path):
    whole = source_of(server)
    server.content = CONTENT[:5000] + b"x" + CONTENT[5001:]
    with pytest.raises(DownloadError, match="does not have the published checksum"):
        fetch(whole, tmp_path)
    assert files_in(tmp_path) == []


def test_a_file_without_a_stated_checksum_is_taken_as_it_comes(server, tmp_path):
    download = Download(server.url, "svhn/train.mat", None, 1)
    fetch(replace(source_of(server), downloads=(download,)), tmp_path)
    assert files_in(tmp_path) == ["svhn/train.mat"]


def test_a_server_that_refuses_is_named_with_its_answer(server, tmp_path):
    server.status = 404
    with pytest.raises(DownloadError, match="refuses http.*404.*folder as svhn/train.mat"):
        fetch(source_of(server), tmp_path)
    assert files_in(tmp_path) == []
    assert len(server.requested) == 1


def test_no_server_at_all_is_named_with_the_reason(server, tmp_path):
    server.close()
    with pytest.raises(DownloadError, match="broke off after 0 bytes .*Connection refused"):
        fetch(source_of(server), tmp_path)
    assert files_in(tmp_path) == []


def test_a_full_disk_is_noticed_before_anything_is_fetched(server, tmp_path):
    large = replace(source_of(server).downloads[0], size_mb=10**9)
    with pytest.raises(DownloadError, match="needs 1000000000 MB; free some space"):
        fetch(replace(source_of(server), downloads=(large,)), tmp_path)
    assert server.requested == []


def archive_of(**members):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name.replace("__", "/"))
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def test_an_archive_is_unpacked_and_deleted(server, tmp_path):
    server.content = archive_of(cifar__train=b"1" * 5000, cifar__meta=b"2")
    fetch(source_of(server, is_archive=True, files=("cifar/train",)), tmp_path)
    assert files_in(tmp_path) == ["cifar/meta", "cifar/train"]


def test_a_damaged_archive_without_a_checksum_leaves_nothing(server, tmp_path):
    server.content = archive_of(cifar__train=bytes(2_000_000))[:-600]
    source = source_of(server, is_archive=True, files=("cifar/train",))
    archive = replace(source.downloads[0], md5=None)
    with pytest.raises(DownloadError, match=r"archive\.tar\.gz is damaged .*was deleted"):
        fetch(replace(source, downloads=(archive,)), tmp_path)
    assert files_in(tmp_path) == []


def test_an_archive_that_reaches_out_of_the_folder_is_refused(server, tmp_path):
    server.content = archive_of(**{"..__..__stolen": b"1"})
    with pytest.raises(DownloadError, match="is damaged"):
        fetch(source_of(server, is_archive=True, files=("cifar/train",)), tmp_path / "data")
    assert files_in(tmp_path) == ["data"]


def test_an_archive_without_the_wanted_files_is_named(server, tmp_path):
    server.content = archive_of(other__file=b"1")
    with pytest.raises(DownloadError, match="has changed, it does not contain cifar/train"):
        fetch(source_of(server, is_archive=True, files=("cifar/train",)), tmp_path)


def test_every_dataset_has_one_source_and_every_stated_checksum_is_one():
    from zcnas.benchmarks import DATASETS

    served = [name for source in SOURCES for name in source.datasets]
    assert sorted(served) == sorted(DATASETS)
    for source in SOURCES:
        assert bool(source.downloads) != bool(source.by_hand), source.title
        for one in source.downloads:
            assert one.md5 is None or re.fullmatch("[0-9a-f]{32}", one.md5), one.url
            assert one.is_archive or one.name in source.files


def test_a_half_written_file_never_has_a_published_name(server, tmp_path, monkeypatch):
    seen = []

    def look(done, total):
        seen.extend(files_in(tmp_path))

    server.breaks_after = 300_000
    fetch(source_of(server), tmp_path, look)
    assert seen
    assert all(name.startswith((INCOMPLETE, "svhn/tmp")) for name in seen), seen
