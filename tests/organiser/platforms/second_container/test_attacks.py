"""What a submission's own command, beside ingestion, can read, forge, replay and replace: nothing.

Nothing that it did to the folders of earlier bundles was noticed; ``docs/security.md`` has the
list.
"""

import sys
import zipfile

import pytest

from .conftest import KEY, PARAMS

COMMAND = {"metadata": "command: python3 attack.py", "predictor.py": PARAMS}
HIDES = "if moment == 'before': (program / 'metadata').unlink()\n"
"""The first thing a second container does: intake then finds no command."""
REFUSED = {-1.0}


def looked_at(verdict):
    """Return all bytes that the second process could keep."""
    kept = (verdict.root / "loot").rglob("*")
    return b"".join(path.read_bytes() for path in kept if path.is_file())


def test_the_hidden_list_is_nowhere_to_be_read(codabench):
    copies = "\n".join(
        f"if {folder}.is_dir(): shutil.copytree({folder}, loot / moment / {folder!r})"
        for folder in ("input_data", "output")
    )
    verdict = codabench.judge("reads", "final", COMMAND, HIDES + copies)
    seen = looked_at(verdict)
    for architecture in codabench.inputs["final"].architectures:
        assert architecture.spec.encode() not in seen
        assert architecture.id.encode() not in seen


SLOW = PARAMS.replace(
    "        return",
    """        import time
        while time.process_time() < 6: pass
        return""",
)


def test_limits_cannot_be_rewritten(codabench):
    rewrites = HIDES + (
        "path = input_data / 'phase.json'\n"
        "if moment == 'before' and path.is_file():\n"
        "    phase = json.loads(path.read_text())\n"
        "    phase['phase']['limits']['query_cpu_s'] = 100\n"
        "    path.write_text(json.dumps(phase))\n"
    )
    files = {**COMMAND, "predictor.py": SLOW}
    verdict = codabench.judge("rewrites", "practice", files, rewrites, noticed=False)
    assert set(verdict.scores.values()) == REFUSED, "every query was over the real limit"
    assert "timeout" in verdict.page


@pytest.fixture(scope="module")
def honest(codabench):
    verdict = codabench.judge("honest", "practice", {"metadata": "", "predictor.py": PARAMS})
    assert verdict.scores["score"] > 0, verdict.said
    return verdict


CONSTANT = PARAMS.replace("sum(p.numel() for p in graph.parameters())", "1")


def test_predictions_of_another_submission_cannot_be_replayed(codabench, honest):
    replays = HIDES + (
        "if moment == 'after':\n"
        "    shutil.rmtree(output, ignore_errors=True)\n"
        f"    shutil.copytree({str(honest.root / 'output')!r}, output)\n"
        "    (output / 'metadata').unlink()\n"
    )
    files = {**COMMAND, "predictor.py": CONSTANT}
    verdict = codabench.judge("replays", "practice", files, replays)
    assert set(verdict.scores.values()) == REFUSED
    assert "names a command, and the platform ran it" in verdict.page


def test_a_submission_that_brings_the_record_of_another_gains_nothing(codabench, honest):
    """Newer workers copy a submission's files to where scoring reads."""
    files = {"metadata": "", "predictor.py": CONSTANT}
    for path in (honest.root / "output").glob("*-*"):
        files[path.name] = ""
    files["run.sealed"] = (honest.root / "output" / "run.sealed").read_text()
    copies = (
        "if moment == 'after':\n"
        "    for path in program.iterdir(): shutil.copy(path, output)\n"
        "    (output / 'metadata').unlink()\n"
    )
    verdict = codabench.judge("brings", "practice", files, copies, noticed=False)
    assert verdict.status == "Failed"
    assert "it is the record of another submission" in verdict.said


def test_predictions_of_another_phase_cannot_be_replayed(codabench, honest):
    replays = HIDES + (
        "if moment == 'after':\n"
        f"    shutil.copytree({str(honest.root / 'output')!r}, output, dirs_exist_ok=True)\n"
        "    (output / 'metadata').unlink()\n"
    )
    verdict = codabench.judge("other phase", "final", COMMAND, replays, noticed=False)
    assert verdict.status == "Failed"
    assert "line 1 of run.sealed does not bear its seal" in verdict.said


def test_seals_cannot_be_forged_from_what_is_public(codabench, honest):
    """The key of earlier bundles was a digest of the references; practice's are public."""
    forges = HIDES + (
        "import hashlib, io, itertools, zipfile\n"
        "from zcnas.hosted.seals import Seals\n"
        f"public = zipfile.ZipFile({str(codabench.bundle / 'public_data_practice.zip')!r})\n"
        "names = sorted(n for n in public.namelist() if n.startswith('reference_data/'))\n"
        "keys = [\n"
        "    hashlib.sha256(b''.join(hashlib.sha256(public.read(n)).digest() for n in chosen))\n"
        "    for size in (1, 2, 3, 4) for chosen in itertools.permutations(names, size)\n"
        "]\n"
        "path = output / 'run.sealed'\n"
        "lines = path.read_bytes().splitlines() if moment == 'after' else []\n"
        "for key in keys if lines else ():\n"
        "    seals, written = Seals(key.digest()), b''\n"
        "    for line in lines:\n"
        "        content = line[65:].replace(b'\"score\":1', b'\"score\":9')\n"
        "        written += seals.next(content) + b' ' + content + b'\\n'\n"
        "    (loot / key.hexdigest()).write_bytes(written)\n"
        "    path.write_bytes(written)\n"
    )
    verdict = codabench.judge("forges", "practice", COMMAND, forges, noticed=False)
    assert verdict.status == "Failed"
    assert "line 1 of run.sealed does not bear its seal" in verdict.said
    assert len(list((verdict.root / "loot").iterdir())) > 10, "so many keys were tried"


def test_each_phases_key_is_random_and_only_its_owner_may_read_it(codabench):
    kept = {
        "practice": codabench.folder / "build" / "bundle" / "practice.seal_key",
        "final": codabench.folder / "draws" / "final" / "seal_key",
    }
    keys = {}
    for phase, path in kept.items():
        assert path.stat().st_mode & 0o777 == 0o600
        keys[phase] = path.read_text().strip()
        with zipfile.ZipFile(codabench.bundle / f"ingestion_program_{phase}.zip") as program:
            assert program.read("seal.key").decode() == keys[phase]
        assert len(bytes.fromhex(keys[phase])) == 32
    assert len(set(keys.values())) == 2


def test_a_removed_or_cut_record_is_failed_and_says_so(codabench):
    removes = HIDES + (
        "path = output / 'run.sealed'\n"
        "if moment == 'after':\n"
        "    lines = path.read_bytes().splitlines(keepends=True)\n"
        "    path.write_bytes(b''.join(lines[:3]))\n"
    )
    verdict = codabench.judge("removes", "practice", COMMAND, removes, noticed=False)
    assert verdict.status == "Failed"
    assert "no sealed last line" in verdict.said


def test_links_are_followed_neither_by_ingestion_nor_by_scoring(codabench):
    plants = HIDES + (
        "precious = loot / 'precious'\n"
        "precious.write_text('the secret of the host')\n"
        "if moment == 'before': (output / 'run.sealed').symlink_to(precious)\n"
        "for name in (KEY + '.log', KEY + '.manifest.json', 'organiser_error.txt'):\n"
        "    (output / name).symlink_to(precious)\n"
    ).replace("KEY", repr(KEY))
    verdict = codabench.judge("plants", "practice", COMMAND, plants, noticed=False)
    assert verdict.scores["score"] > 0, verdict.said
    assert (verdict.root / "loot" / "precious").read_text() == "the secret of the host"
    assert "the secret" not in verdict.page + verdict.said


def test_nothing_of_the_submission_runs_as_ingestion_where_codalab_puts_it_on_the_path(codabench):
    takes_over = "raise SystemExit('I am ingestion now')\n"
    modules = {f"{name}.py": takes_over for name in ("argparse", "json", "msgspec", "numpy")}
    files = {"metadata": "", "predictor.py": PARAMS, **modules}
    verdict = codabench.judge("path", "practice", files, python_path="{program}")
    assert "I am ingestion now" not in verdict.said
    assert verdict.status == "Finished", verdict.said


FED = PARAMS.replace(
    "        return",
    """        import os
        for folder in ("/tmp", os.path.dirname(os.path.dirname(__file__))):
            for root, _, names in os.walk(folder):
                if "feed" in names: return float(open(root + "/feed").read())
        return""",
)


def test_the_worker_reads_nothing_that_the_second_container_writes(codabench, honest):
    feeds = HIDES + (
        "if moment == 'before':\n"
        "    for folder in (program, output, loot): (folder / 'feed').write_text('1')\n"
    )
    files = {**COMMAND, "predictor.py": FED}
    verdict = codabench.judge("feeds", "practice", files, feeds, noticed=False)
    # Its own folder is part of the submission when intake looks; a constant has no correlation.
    assert verdict.scores["score"] in (0.0, honest.scores["score"])


WITHOUT_LANDLOCK = """
import ctypes, os, struct, sys
libc = ctypes.CDLL(None)
refuse, allow = (0x06, 0, 0, 0x00050026), (0x06, 0, 0, 0x7FFF0000)
program = [(0x20, 0, 0, 0), (0x15, 0, 1, NUMBER), refuse, allow]
code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *each) for each in program))
libc.prctl(38, 1, 0, 0, 0)
assert libc.prctl(22, 2, struct.pack("=HxxxxxxQ", len(program), ctypes.addressof(code)), 0, 0) == 0
os.execvp(sys.argv[1], sys.argv[1:])
""".replace("NUMBER", "444")
"""Runs a command on a kernel that knows no ``landlock_create_ruleset``."""
OLD_KERNEL = (sys.executable, "-c", WITHOUT_LANDLOCK)


def test_without_landlock_a_phase_without_feedback_is_refused(codabench):
    files = {"metadata": "", "predictor.py": PARAMS}
    verdict = codabench.judge("old kernel", "final", files, wrapper=OLD_KERNEL)
    assert verdict.status == "Failed"
    assert "lacks Landlock" in verdict.said
    assert "require_confinement" in verdict.said


SELF_REWRITING = """
import pathlib
class ZeroCostPredictor:
    def pre_process(self):
        path = pathlib.Path(__file__)
        try: path.write_text(path.read_text() + "# changed")
        except OSError as error: print(f"refused: {error}")  # in one piece, or a heading divides it
    def query(self, graph, dataloader=None):
        return sum(p.numel() for p in graph.parameters())
"""


def test_files_replaced_while_it_runs_cost_a_submission_its_place(codabench, honest):
    files = {"metadata": "", "predictor.py": SELF_REWRITING}
    confined = codabench.judge("rewrites itself", "practice", files)
    assert confined.scores["score"] == honest.scores["score"]
    assert "refused: [Errno 13]" in confined.page
    verdict = codabench.judge("rewrites itself freely", "practice", files, wrapper=OLD_KERNEL)
    assert set(verdict.scores.values()) == REFUSED, verdict.said
    assert "files were changed while it ran" in verdict.page
    assert "unconfined" in verdict.page


def test_a_phase_without_feedback_says_received_and_stores_nothing_else(codabench):
    files = {"metadata": "", "predictor.py": PARAMS}
    verdict = codabench.judge("final", "final", files)
    assert verdict.status == "Finished", verdict.said
    assert set(verdict.scores.values()) == {0.0}
    assert "received and run" in verdict.page
    stored = (verdict.root / "output" / "run.sealed").read_text()
    assert len(stored.splitlines()) == 2, "a start and an end"
    assert "3 architectures" not in verdict.said
    reference = b"".join(p.read_bytes() for p in (verdict.root / "input" / "ref").iterdir())
    assert b"accuracies" not in reference


def test_an_entry_without_an_answer_looks_like_any_other_in_a_phase_without_feedback(codabench):
    files = {
        "metadata": "",
        "predictor.py": PARAMS.replace("return", "raise ValueError\n        return"),
    }
    assert set(codabench.judge("raises", "final", files).scores.values()) == {0.0}
    refused = codabench.judge("refused", "final", {"metadata": "", "other.py": ""})
    assert set(refused.scores.values()) == REFUSED
    assert "it has no predictor.py" in refused.page


def test_a_kill_of_ingestion_is_failed_and_no_score(codabench):
    killer = (sys.executable, "-c", KILLS)
    files = {"metadata": "", "predictor.py": SLOW.replace("< 6", "< 600")}
    verdict = codabench.judge("killed", "practice", files, wrapper=killer)
    assert verdict.status == "Failed"
    assert "no sealed last line" in verdict.said
    assert "exit code: -9" in verdict.said


KILLS = """
import os, pathlib, signal, subprocess, sys, time
words = sys.argv[1:]
output = next(w for w in words if w.startswith("--output=")).removeprefix("--output=")
process = subprocess.Popen(words)
while process.poll() is None:
    record = pathlib.Path(output, "run.sealed")
    if record.exists() and record.stat().st_size: process.kill(); process.wait()
    time.sleep(0.05)
os.kill(os.getpid(), signal.SIGKILL)
"""
