"""A hidden phase runs in a sandbox only where a record speaks for it: made here, now, of all."""

import json
import shutil

import msgspec
import pytest

from zcnas.errors import OrganiserError, UsageError
from zcnas.isolation import admission, choice
from zcnas.isolation.admission import AttackRecord, Circumstances, Verdict, circumstances_of
from zcnas.isolation.bubblewrap import BubblewrapIsolation
from zcnas.phases import load_phase

HELD = (Verdict("escapes", "4 × ok 0", "", ""), Verdict("secret", "in nothing", "", ""))


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("ZCNAS_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("TRUST_SUBMISSIONS", raising=False)
    return tmp_path / "state"


@pytest.fixture(scope="module")
def here() -> Circumstances:
    return circumstances_of(BubblewrapIsolation())


@pytest.fixture
def admits(monkeypatch, here):
    """A function that asks whether bubblewrap may run a hidden phase, and says why not."""
    monkeypatch.setattr(admission, "circumstances_of", lambda isolation: here)
    return lambda: admission.refusal_of(BubblewrapIsolation())


def record_of(here, verdicts=HELD, **changed):
    circumstances = msgspec.structs.replace(here, **changed)
    return AttackRecord(
        backend="bubblewrap", circumstances=circumstances, made_at="now", verdicts=verdicts
    )


@pytest.fixture
def hidden(repository):
    phase = load_phase(repository / "reference_data" / "phases.toml", "practice")
    return msgspec.structs.replace(phase, truth="hidden", draw_seed=None)


def test_a_record_made_here_admits_a_sandbox_to_a_hidden_phase(hidden, here, monkeypatch):
    with pytest.raises(UsageError, match=r"no record .*zcnas doctor --attack-table bubblewrap"):
        choice.choose_isolation("bubblewrap", hidden, print)
    admission.write_record(record_of(here))
    assert choice.choose_isolation("bubblewrap", hidden, print).name == "bubblewrap"
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    said = []
    assert choice.choose_isolation("auto", hidden, said.append).name == "bubblewrap"
    assert "held every known attack here; not docker" in said[0]


def test_without_engine_and_record_auto_says_what_each_lacks(hidden, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    with pytest.raises(
        OrganiserError, match=r"no Docker engine answers.*Nor .*bubblewrap: .*no re"
    ):
        choice.choose_isolation("auto", hidden, print)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"program": "0" * 64}, "the code or the attacks have changed since"),
        ({"machine": "another"}, "it was made on the machine another, this is "),
        ({"kernel": "5.4 old"}, "it was made under the kernel 5.4 old, this is "),
        ({"user": 4711}, "it was made by user 4711, this is "),
        ({"version": "bubblewrap 0.1"}, "it was made with bubblewrap 0.1, this is bubblewrap"),
        ({"bounds": "a group bounds all"}, "then a group bounds all, now "),
    ],
)
def test_a_record_of_other_circumstances_is_refused_and_says_what_changed(
    admits, here, changed, words
):
    admission.write_record(record_of(here, **changed))
    assert words in admits()


def test_an_edited_record_is_refused(admits, here):
    failed = (Verdict("escapes", "4 × ok 1", "has the score 1.0, not 0.0", ""),)
    path = admission.write_record(record_of(here, failed))
    assert "says that it did not hold escapes" in admits()
    content = json.loads(path.read_text())
    content["verdicts"][0]["problem"] = ""
    path.write_text(json.dumps(content))
    assert "does not bear this user's seal: it was edited, or made elsewhere" in admits()


def test_a_record_brought_from_elsewhere_is_refused(admits, here, state, tmp_path, monkeypatch):
    monkeypatch.setenv("ZCNAS_STATE", str(tmp_path / "elsewhere"))
    brought = admission.write_record(record_of(here))
    monkeypatch.setenv("ZCNAS_STATE", str(state))
    admission.write_record(record_of(here))
    assert admits() == ""
    shutil.copyfile(brought, state / brought.name)
    assert "made elsewhere" in admits()


@pytest.mark.parametrize(
    ("content", "words"), [("{", "is malformed"), ('{"backend": 1}', "is malformed")]
)
def test_a_record_that_is_none_is_refused(admits, here, content, words):
    admission.write_record(record_of(here)).write_text(content)
    assert words in admits()


def test_a_record_without_verdicts_or_with_one_left_open_admits_nothing(admits, here):
    admission.write_record(record_of(here, ()))
    assert "nothing was tried" in admits()
    open_row = Verdict("reads_the_kernels_files", "4 × ok 3", "", "can be read")
    admission.write_record(record_of(here, (*HELD, open_row)))
    assert "did not hold reads_the_kernels_files" in admits()


def test_key_and_record_are_for_this_user_alone(here, state):
    admission.write_record(record_of(here))
    assert {path.stat().st_mode & 0o777 for path in state.iterdir()} == {0o600}


def test_every_changed_file_around_a_submission_changes_the_digest(monkeypatch, tmp_path):
    before = admission.program_digest()
    (tmp_path / "x.py").write_text("print()")
    files = [*admission.shipped_files("ingestion"), ("zcnas/more.py", tmp_path / "x.py")]
    monkeypatch.setattr(admission, "shipped_files", lambda program: iter(files))
    assert admission.program_digest() != before


def test_a_state_folder_that_cannot_be_written_is_one_message(here, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ZCNAS_STATE", str(tmp_path / "file"))
    with pytest.raises(
        OrganiserError, match="cannot be written to .*name another with ZCNAS_STATE"
    ):
        admission.write_record(record_of(here))
