"""A folder that `zcnas pull` fills, as an inbox.

Teams and times are the platform's, and so were dates and quotas.
"""

from __future__ import annotations

import datetime
import hashlib
from pathlib import Path

from zcnas.organiser.platforms.home.pulled import file_of, read_pulled
from zcnas.organiser.serving.attempts import Attempt
from zcnas.organiser.serving.inbox import WholeFile
from zcnas.organiser.serving.intake import Intake
from zcnas.organiser.serving.store import Store


def take_pulled(folder: Path, intake: Intake, store: Store) -> list[Attempt]:
    """Enter every submission that finished on the platform and is new; return their attempts.

    Each is checked as a file of the inbox is. One that has been taken before, is not fetched yet or
    was deleted there is passed over.

    Raises:
        ResultsError: ``zcnas pull`` has not filled the folder.
        OSError: A file cannot be read, or the disk does not take it.
    """
    pulled, taken = read_pulled(folder), []
    for each in pulled.submissions:
        path = file_of(folder, each)
        arrival = f"{pulled.site}/competitions/{pulled.competition}/submissions/{each.id}"
        if each.shelf != "submissions" or not each.sha256 or store.has_arrived(arrival):
            continue
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != each.sha256:
            continue  # another pull is replacing it
        moment = datetime.datetime.fromisoformat(each.received_at).astimezone(datetime.UTC)
        file = WholeFile(each.team, path, len(content), moment.timestamp(), arrival)
        taken.append(intake.admit(file, moment, pulled.phase, content))
    return taken
