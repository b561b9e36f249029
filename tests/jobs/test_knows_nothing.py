"""Jobs know nothing of competitions: whoever runs other jobs loads nothing of them."""

import subprocess
import sys

OTHERS = (
    "organiser",
    "submissions",
    "ingestion",
    "judging",
    "pages",
    "datasets",
    "hosted",
    "records",
)


def test_no_module_of_jobs_loads_a_room_of_the_competition():
    code = (
        "import pkgutil, sys, importlib, zcnas.jobs\n"
        "names = [each.name for each in pkgutil.iter_modules(zcnas.jobs.__path__)]\n"
        "assert {'dispatch', 'cluster', 'cluster_worker'} <= set(names), names\n"
        "for name in names: importlib.import_module(f'zcnas.jobs.{name}')\n"
        "loaded = {name.split('.')[1] for name in sys.modules if name.startswith('zcnas.')}\n"
        f"sys.exit(', '.join(loaded & set({OTHERS})) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
