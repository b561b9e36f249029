"""``zcnas data`` as the person at the terminal sees it, with publishers of the test's own."""

import functools
import hashlib
import http.server
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from zcnas.datasets import sources
from zcnas.datasets.sources import Download
from zcnas.organiser.cli.main import app

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def publisher(tmp_path, monkeypatch):
    """A folder on a local server that all downloads come from: SVHN's file and no other."""
    served = tmp_path / "served"
    served.mkdir()
    content = b"digits" * 1000
    (served / "train_32x32.mat").write_bytes(content)
    handler = functools.partial(QuietHandler, directory=str(served))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    url, md5 = f"http://127.0.0.1:{server.server_port}", hashlib.md5(content).hexdigest()

    def local(download: Download) -> Download:
        return replace(download, url=f"{url}/{Path(download.name).name}", md5=md5)

    monkeypatch.setattr(
        sources,
        "SOURCES",
        tuple(
            replace(source, downloads=tuple(local(one) for one in source.downloads))
            for source in sources.SOURCES
        ),
    )
    yield served
    server.shutdown()
    thread.join()
    server.server_close()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


def run(*arguments, **environment):
    answer = CliRunner().invoke(app, ["data", *arguments], env=environment)
    return answer.exit_code, " ".join(answer.output.split()), answer


def test_a_dataset_is_fetched_into_the_data_folder_and_then_is_there(publisher, tmp_path):
    folder = tmp_path / "data"
    code, output, _ = run("--to", str(folder), "--dataset", "svhn")
    assert (code, "SVHN: fetched" in output) == (0, True)
    assert (folder / "svhn" / "train_32x32.mat").read_bytes() == b"digits" * 1000
    code, output, _ = run("--dataset", "svhn", ZCNAS_DATA=str(folder))
    assert (code, "SVHN: present" in output) == (0, True)


def test_what_has_to_be_got_by_hand_is_said_with_where_it_goes(publisher, tmp_path):
    code, output, _ = run("--to", str(tmp_path), "--dataset", "ImageNet16-120")
    assert code == 0
    assert "missing in" in output
    assert "train_data_batch_1 … train_data_batch_10 into ImageNet16/" in output


def test_a_failed_download_does_not_stop_the_others_and_ends_non_zero(publisher, tmp_path):
    code, output, _ = run(
        "--to", str(tmp_path / "data"), "--dataset", "ninapro", "--dataset", "svhn"
    )
    assert code == 1
    assert "error: the publisher's server refuses" in output
    assert "SVHN: fetched" in output


def test_check_fetches_nothing(publisher, tmp_path):
    folder = tmp_path / "data"
    code, output, _ = run("--to", str(folder), "--dataset", "svhn", "--check")
    assert code == 0
    assert "SVHN: missing in" in output
    assert not folder.exists()


def test_a_phases_tables_are_looked_for_as_well(publisher, tmp_path):
    (tmp_path / "zc_nasbench201.json").touch()
    code, output, _ = run("--to", str(tmp_path), "--phase", "development", "--check")
    assert code == 0
    assert "accuracies of nasbench201 (nas_bench_suite_zero): present" in output
    assert "zc_nasbench301.json" in output
    assert "CIFAR-10:" not in output


def test_no_folder_and_an_unknown_dataset_are_refused(monkeypatch):
    monkeypatch.delenv("ZCNAS_DATA", raising=False)
    _, _, answer = run("--dataset", "svhn")
    assert "set ZCNAS_DATA=FOLDER" in str(answer.exception)
    _, _, answer = run("--to", "/tmp", "--dataset", "mnist")
    assert "unknown dataset 'mnist'; known datasets: cifar10, cifar100" in str(answer.exception)
