"""A worker that speaks the protocol and computes no network, so that a run can be killed often.

Its score is a digest of the seed, which tells architectures and evaluation seeds apart. A
submission with a ``combine`` answers with it as a part; the combined score is its rank. Every query
is noted in the file that stands beside it, as evidence of what was run again.
"""

import hashlib
import sys
import time
from pathlib import Path

from zcnas.worker.channel import (
    HELLO_NONCE,
    MAX_REQUEST_BYTES,
    Answer,
    Calibrate,
    Combine,
    Fit,
    Query,
    Setup,
    receive_frame,
    send_frame,
)


def main():
    seconds_per_query = float((Path(__file__).parent / "pace").read_text())
    send_frame(1, Answer(HELLO_NONCE, "ok", message="light").encode())
    content = receive_frame(0, MAX_REQUEST_BYTES)
    if (calibrate := Calibrate.decode(content)) is not None:
        send_frame(1, Answer(calibrate.nonce, "ok", 0.003).encode())
        content = receive_frame(0, MAX_REQUEST_BYTES)
    setup = Setup.decode(content)
    name = Path(sys.argv[1]).name
    combines = "def combine" in Path(sys.argv[1], "predictor.py").read_text()
    send_frame(1, Answer(setup.nonce, "ok", message=f"method of {name}").encode())
    if setup.fits:
        fit = Fit.decode(receive_frame(0, MAX_REQUEST_BYTES))
        send_frame(1, Answer(fit.nonce, "ok").encode())
    with (Path(__file__).parent / "asked").open("a") as asked:
        while (content := receive_frame(0, MAX_REQUEST_BYTES)) is not None:
            if setup.purpose == "combine":
                asked.write(f"{name} {setup.benchmark} combine\n")
                send_frame(1, combined(Combine.decode(content)).encode())
                continue
            query = Query.decode(content)
            asked.write(f"{name} {setup.benchmark} {query.spec}\n")
            asked.flush()
            time.sleep(seconds_per_query)
            digest = hashlib.sha256(f"{name} {query.seed}".encode()).digest()
            score = float(int.from_bytes(digest[:4], "big"))
            answer = (
                Answer(query.nonce, "ok", parts={"digest": score})
                if combines
                else Answer(query.nonce, "ok", score)
            )
            send_frame(1, answer.encode())


def combined(request):
    digests = [each["digest"] for each in request.answers]
    ranks = tuple(float(sorted(digests).index(digest)) for digest in digests)
    return Answer(request.nonce, "ok", scores=ranks)


main()
