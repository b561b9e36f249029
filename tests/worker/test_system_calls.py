"""System calls that are refused, those that only seem made, and libraries that live with it."""

import os
import subprocess
import sys

import pytest

from zcnas.worker import system_calls

CONFINED = """
import ctypes, fcntl, os, struct, sys
from pathlib import Path
from zcnas.worker.system_calls import filter_system_calls
os.chdir(sys.argv[1])
assert filter_system_calls(outside=True)
LIBC = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    return LIBC.syscall(number, *arguments)
def refused(action):
    try:
        action()
    except OSError:
        return True
    return False
"""
NUMBERS = {name: numbers[0] for name, numbers in system_calls.NOT_DONE.items()}
on_x86 = pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are of x86_64")


def run(folder, code):
    command = [sys.executable, "-c", CONFINED + code, folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.fixture
def victim(tmp_path):
    path = tmp_path / "victim"
    path.write_text("theirs")
    path.chmod(0o640)
    os.utime(path, (1, 2))
    return path


def facts(path):
    seen = path.stat()
    return seen.st_mode, seen.st_uid, seen.st_gid, seen.st_mtime, seen.st_ctime_ns


CHANGES = {
    "mode": "os.chmod('victim', 0o4777)",
    "mode of an open file": "os.fchmod(os.open('victim', os.O_RDONLY), 0)",
    "mode by proc": "os.chmod(f'/proc/self/fd/{os.open(\"victim\", os.O_RDONLY)}', 0)",
    "mode at a folder": "os.chmod('victim', 0, dir_fd=os.open('.', os.O_RDONLY))",
    "owner": "os.chown('victim', 61234, 61234)",
    "owner of a link": "os.lchown('victim', 61234, 61234)",
    "owner of an open file": "os.fchown(os.open('victim', os.O_RDONLY), 61234, 61234)",
    "time": "os.utime('victim', (7, 7))",
    "time of an open file": "os.utime(os.open('victim', os.O_RDONLY), (7, 7))",
    "now, of an open file": "os.utime(os.open('victim', os.O_RDONLY))",
    "attribute": "os.setxattr('victim', 'user.mine', b'x')",
    "attribute of an open file": "os.setxattr(os.open('victim', os.O_RDONLY), 'user.mine', b'x')",
}


def test_modes_owners_times_and_attributes_are_answered_and_not_changed(victim):
    """After each of them, one process looks at the file, so that a failure names the call."""
    before = facts(victim)
    code = f"""
for name, change in {CHANGES!r}.items():
    exec(change)
    seen = os.stat('victim')
    if {before!r} != (seen.st_mode, seen.st_uid, seen.st_gid, seen.st_mtime, seen.st_ctime_ns):
        print(name)
print('looked')
"""
    assert run(victim.parent, code) == ["looked"]
    assert os.listxattr(victim) == []


@on_x86
@pytest.mark.parametrize("name", ["utime", "utimes", "futimesat"])
def test_no_older_call_sets_times_either(victim, name):
    number = system_calls._TIMES_BY_PATH[name][0][0]
    at = "-100, " if name == "futimesat" else ""
    before = facts(victim)
    code = (
        f"print(call({number}, {at}b'victim', bytes(32)), call({number}, {at}b'victim', None),"
        f" call({number}, {at}b'victim', ctypes.c_void_p(1 << 40)))"
    )
    assert run(victim.parent, code) == ["0", "-1", "0"]
    assert facts(victim) == before


@on_x86
def test_each_call_that_is_not_done_says_it_was(tmp_path):
    code = f"print([n for n in {list(NUMBERS.values())} if call(n, -1, -1, -1, -1, -1) != 0])"
    assert run(tmp_path, code) == ["[]"]


def test_a_time_is_no_way_to_ask_for_a_file_so_that_touch_makes_one(tmp_path):
    assert run(tmp_path, "Path('new').touch(); Path('new').touch(); print('made')") == ["made"]
    assert (tmp_path / "new").is_file()


MAKINGS = (
    "os.open('evil', os.O_WRONLY | os.O_CREAT, {mode})",
    "os.open('.', os.O_WRONLY | os.O_TMPFILE, {mode})",
    "os.mknod('evil', 0o100000 | {mode})",
    "os.mknod('evil', 0o100000 | {mode}, dir_fd=os.open('.', os.O_RDONLY))",
)


def test_no_file_is_made_that_lends_its_owners_rights(tmp_path):
    lending = [making.format(mode=mode) for making in MAKINGS for mode in (0o4755, 0o2755)]
    code = "os.umask(0)\nfor making in {!r}: print(refused(lambda: eval(making)))"
    assert run(tmp_path, code.format(lending)) == ["True"] * 8
    assert list(tmp_path.iterdir()) == []
    plain = [
        f"{making.format(mode=0o755)}, os.path.exists('evil') and os.remove('evil')"
        for making in MAKINGS
    ]
    assert run(tmp_path, code.format(plain)) == ["False"] * 4


def test_a_mode_without_creating_is_not_looked_at(victim):
    code = "print(os.read(os.open('victim', os.O_RDONLY, 0o6777), 6).decode())"
    assert run(victim.parent, code) == ["theirs"]


def test_locks_reach_nobody(victim):
    """What one process locks, another that is not confined finds free."""
    code = """
file = open('victim')
fcntl.flock(file, fcntl.LOCK_EX); fcntl.lockf(file, fcntl.LOCK_SH)
asked = struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 0, 0, 0)
print(struct.unpack_from('h', fcntl.fcntl(file, fcntl.F_GETLK, asked))[0] == fcntl.F_UNLCK)
print(Path('/proc/locks').read_text().count(f' {os.getpid()} '))
"""
    assert run(victim.parent, code) == ["True", "0"]


COMMANDS = (
    "fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)",
    "fcntl.fcntl(file, fcntl.F_OFD_SETLK, struct.pack('hhqqi4x', 0, 0, 0, 0, 0))",
    "fcntl.fcntl(file, fcntl.F_OFD_GETLK, struct.pack('hhqqi4x', 1, 0, 0, 0, 0))",
    "fcntl.fcntl(os.open('.', os.O_RDONLY), fcntl.F_NOTIFY, fcntl.DN_ACCESS)",
    "fcntl.fcntl(file, 1036, struct.pack('Q', 2))",
    "fcntl.ioctl(file, 0x40086602, struct.pack('l', 0x80))",
    "fcntl.ioctl(file, 0x401c5820, bytes(28))",
)


def test_leases_locks_of_open_files_notes_hints_and_flags_are_refused(victim):
    code = f"""
file = open('victim')
for command in {COMMANDS!r}: print(refused(lambda: eval(command)))
"""
    assert run(victim.parent, code) == ["True"] * len(COMMANDS)


@on_x86
def test_each_refused_call_is_not_permitted(tmp_path):
    numbers = [numbers[0] for numbers in system_calls.REFUSED.values()]
    code = f"""
for number in {numbers}:
    ctypes.set_errno(0)
    if call(number, -1, -1, -1, -1, -1) != -1 or ctypes.get_errno() != 1:
        print(number)
print('tried')
"""
    assert run(tmp_path, code) == ["tried"]


HONEST = {
    "shutil.copy2": """
import shutil
Path('a').write_text('x'); shutil.copy2('a', 'b')
assert Path('b').read_text() == 'x'
""",
    "shutil.copytree": """
import shutil
Path('d/e').mkdir(parents=True); Path('d/e/f').write_text('x'); os.symlink('f', 'd/e/g')
shutil.copytree('d', 'copy', symlinks=True); shutil.copytree('d', 'copy', dirs_exist_ok=True)
assert Path('copy/e/g').read_text() == 'x'
shutil.move('copy', 'moved'); shutil.rmtree('moved')
assert not Path('moved').exists()
""",
    "tarfile": """
import tarfile
Path('d/e').mkdir(parents=True); Path('d/e/f').write_text('x'); os.symlink('f', 'd/e/g')
with tarfile.open('t.tar.gz', 'w:gz') as tar: tar.add('d')
for filter in ('data', 'tar', 'fully_trusted'):
    chosen = {'filter': filter} if hasattr(tarfile, 'data_filter') else {}
    with tarfile.open('t.tar.gz') as tar: tar.extractall(filter, **chosen)
    assert Path(filter, 'd/e/g').read_text() == 'x'
    assert Path(filter, 'd/e/f').stat().st_mode & 0o600 == 0o600
""",
    "zipfile": """
import zipfile
Path('d/e').mkdir(parents=True); Path('d/e/f').write_text('x')
with zipfile.ZipFile('z.zip', 'w') as file: file.write('d/e/f')
with zipfile.ZipFile('z.zip') as file: file.extractall('out')
assert Path('out/d/e/f').read_text() == 'x'
""",
    "tempfile": """
import tempfile
with tempfile.TemporaryDirectory(dir='.') as folder: Path(folder, 'f').write_text('x')
assert not Path(folder).exists()
with tempfile.NamedTemporaryFile(dir='.') as file, tempfile.TemporaryFile(dir='.') as other:
    file.write(b'x'); other.write(b'x')
    assert os.fstat(file.fileno()).st_mode & 0o777 == 0o600
with tempfile.SpooledTemporaryFile(1, dir='.') as file: file.write(b'xx')
assert os.listdir('.') == []
""",
    "sqlite3": """
import sqlite3
for mode in ('delete', 'wal', 'truncate', 'persist', 'memory'):
    with sqlite3.connect(f'{mode}.db', timeout=1) as base:
        assert base.execute(f'pragma journal_mode={mode}').fetchone() == (mode,)
        base.execute('create table t (x)'); base.execute('insert into t values (7)')
    other = sqlite3.connect(f'{mode}.db', timeout=1)
    with other: other.execute('update t set x = x + 1')
    assert base.execute('select x from t').fetchall() == [(8,)], mode
    other.close(); base.close()
    with sqlite3.connect(f'{mode}.db') as again:
        assert again.execute('select x from t').fetchall() == [(8,)]
    again.close()
""",
    "numpy and pickle": """
import pickle
import numpy
numpy.savez_compressed('a.npz', x=numpy.ones(3)); assert numpy.load('a.npz')['x'].sum() == 3
numpy.save('m.npy', numpy.ones(9)); assert numpy.load('m.npy', mmap_mode='r').sum() == 9
mapped = numpy.memmap('w', 'f8', 'w+', shape=9); mapped[:] = 2; mapped.flush()
pickle.dump([1], open('p', 'wb')); assert pickle.load(open('p', 'rb')) == [1]
""",
    "multiprocessing": """
import multiprocessing, concurrent.futures
reader, writer = multiprocessing.Pipe()
child = multiprocessing.get_context('fork').Process(target=lambda: writer.send(7)); child.start()
assert reader.recv() == 7; child.join()
with concurrent.futures.ThreadPoolExecutor(2) as pool: assert list(pool.map(abs, [-1])) == [1]
""",
    "mailbox, dbm, shelve": """
import dbm.dumb, mailbox, shelve
box = mailbox.mbox('box'); box.lock(); box.add('x'); box.flush(); box.unlock(); box.close()
with dbm.dumb.open('dumb', 'c') as base: base['x'] = 'y'
with dbm.dumb.open('dumb', 'r') as base: assert base['x'] == b'y'
""",
    "filelock": """
import filelock
with filelock.FileLock('l.lock'), filelock.SoftFileLock('s.lock'): pass
""",
}
"""What honest submissions do in their scratch folder."""


@pytest.mark.parametrize("library", HONEST)
def test_an_honest_library_works_in_scratch(tmp_path, library):
    assert run(tmp_path, HONEST[library] + "\nprint('works')") == ["works"]


def test_honest_libraries_work_where_submissions_run(isolation, ingest_source, small):
    missing = {"filelock"}  # not among the worker's packages
    source = (
        f"HONEST = {{k: v for k, v in {HONEST!r}.items() if k not in {missing!r}}}\n"
        "import os, tempfile\nfrom pathlib import Path\n"
        "class ZeroCostPredictor:\n"
        "    def query(self, graph, dataloader=None):\n"
        "        for code in HONEST.values():\n"
        "            os.chdir(tempfile.mkdtemp(dir=os.environ['TMPDIR']))\n"
        "            exec(code, dict(os=os, Path=Path))\n"
        "        return len(HONEST)\n"
    )
    predictions, _, recording = ingest_source(source, isolation, specs=(small,))
    assert predictions[0].value == len(HONEST) - len(missing), recording.log


def test_the_filter_ends_with_allow_and_its_jumps_stay_within():
    """Each instruction is 8 bytes: code, two jump distances, operand (linux/bpf_common.h)."""
    for known in system_calls.ARCHITECTURES.values():
        lines = system_calls.instructions(*known, outside=True)
        assert all(len(line) == 8 for line in lines)
        assert lines[-1][:2] == b"\x06\x00"
        for number, line in enumerate(lines):
            if line[0] & 0x07 == 0x05:
                assert number + 1 + max(line[2], line[3]) < len(lines)
