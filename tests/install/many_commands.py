"""Runs many commands of an installed zcnas, each in a fork of one interpreter, and says what came.

The package is imported once for all of them, as its console script imports it; what a command
imports later, it imports in its fork. Reads a JSON list of argument lists from stdin, and writes
a list of [exit code, output] to stdout.
"""

import importlib.metadata
import json
import os
import sys
import tempfile


def run(main, arguments):
    """Return the exit code of a command and everything it said."""
    with tempfile.TemporaryFile("w+") as output:
        if not (child := os.fork()):
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            sys.argv[1:] = arguments
            main()
            sys.exit(0)
        _, status = os.waitpid(child, 0)
        output.seek(0)
        return os.waitstatus_to_exitcode(status), output.read()


if __name__ == "__main__":
    (script,) = importlib.metadata.entry_points(group="console_scripts", name="zcnas")
    sys.argv = [str(script.name)]
    commands, command = json.load(sys.stdin), script.load()
    json.dump([run(command, arguments) for arguments in commands], sys.stdout)
