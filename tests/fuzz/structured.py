"""Inputs with the structure of valid files and values that nobody expects, from a number alone.

Input ``n`` of a reader is always the same bytes, on every machine: what a long run finds is tried
again by its number.
"""

from __future__ import annotations

import copy
import io
import json
import struct
import tomllib
import warnings
import zipfile
from collections.abc import Callable
from random import Random
from typing import Any

import yaml

STRANGE: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**400, 0.0, -0.0, 1e308),
    *(1e-320, float("inf"), float("-inf"), float("nan"), "", " ", "x", "null", "1e999", "\0"),
    *("\ud800", "\u202e", "\x1b[2J", "é", "e\u0301", "../x", "/etc/passwd", "=1+1", "x" * 5000),
    *("nasbench201_cifar10", "ok", "0" * 8, "0" * 65, [], {}, [[]], {"": {}}, [0] * 2000),
)
WOUNDS = (
    *(b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"NaN", b"1e999", b"[" * 3000, b'{"a":' * 3000),
    *(
        b"9" * 5000,
        b"\n\n",
        b"\x1b[2J",
        b'"',
        b"\\",
        b"'''",
        b"&a [*a,*a]",
        b"<<: *x",
        b"!!python/x",
    ),
    *(
        b"PK\x05\x06",
        b"PK\x01\x02",
        b"PK\x03\x04",
        b"\r",
        b"\t",
        b"\xef\xbb\xbf",
        b"---\n",
        b"[x]\n",
    ),
)


def wounded(rng: Random, content: bytes) -> bytes:
    """Return bytes with up to four pieces changed, removed, doubled or put in."""
    found = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        at, length = rng.randint(0, len(found)), rng.randint(0, 40)
        match rng.randrange(5):
            case 0 if at < len(found):
                found[at] = rng.randrange(256)
            case 1:
                del found[at : at + length]
            case 2:
                found[at:at] = found[at : at + 20 * length]
            case 3:
                found[at:at] = rng.choice(WOUNDS)
            case _:
                found[at : at + length] = rng.randbytes(length)
    return bytes(found)


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Return (container, key) of everything below a value."""
    found: list[tuple[Any, Any]] = []
    stack = [value]
    while stack:
        inside = stack.pop()
        keys = list(inside) if isinstance(inside, dict) else range(len(inside))
        for key in keys:
            found.append((inside, key))
            if isinstance(inside[key], (dict, list)):
                stack.append(inside[key])
    return found


def restructured(rng: Random, valid: Any) -> Any:
    """Return a value with some parts replaced, removed, renamed, doubled or buried."""
    value = copy.deepcopy(valid)
    for _ in range(rng.randint(1, 4)):
        places = _places(value)
        if not places:
            return rng.choice(STRANGE)
        inside, key = rng.choice(places)
        match rng.randrange(6):
            case 0 | 1:
                inside[key] = copy.deepcopy(rng.choice(STRANGE))
            case 2:
                del inside[key]
            case 3 if isinstance(inside, dict):
                inside[str(rng.choice(STRANGE))] = inside.pop(key)
            case 4:
                donor, other = rng.choice(places)
                if isinstance(donor, dict) and other not in donor:
                    continue
                if isinstance(donor, list) and other >= len(donor):
                    continue
                inside[key] = copy.deepcopy(donor[other])
            case _:
                for _ in range(rng.choice((1, 10, 60))):
                    inside[key] = [inside[key]] if rng.random() < 0.5 else {"a": inside[key]}
    return value


def as_json(rng: Random, valid: bytes) -> bytes:
    """Return one JSON document, or lines of them as ``valid`` has."""
    lines = valid.splitlines() if valid.count(b"\n{") else [valid]
    share = 1.0 if len(lines) == 1 else 0.4
    values = [
        restructured(rng, json.loads(line)) if rng.random() < share else json.loads(line)
        for line in lines
    ]
    rng.shuffle(values)
    text = "\n".join(json.dumps(value, ensure_ascii=rng.random() < 0.5) for value in values)
    return text.encode("utf-8", "surrogatepass") + b"\n" * rng.randrange(2)


def as_yaml(rng: Random, valid: bytes) -> bytes:
    """Return a YAML document."""
    value = restructured(rng, yaml.safe_load(valid))
    text = yaml.safe_dump(
        value, allow_unicode=True, default_flow_style=rng.choice((None, True, False))
    )
    return text.encode("utf-8", "surrogatepass")


def as_toml(rng: Random, valid: bytes) -> bytes:
    """Return a TOML document of tables, as far as TOML can say it."""
    value = restructured(rng, tomllib.loads(valid.decode()))
    if not isinstance(value, dict):
        return repr(value).encode(errors="replace")
    lines = []
    for name, table in value.items():
        lines.append(f"[{name}]")
        if isinstance(table, dict):
            lines += [f"{key} = {_toml(each)}" for key, each in table.items()]
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}" = {_toml(each)}' for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def as_csv(rng: Random, valid: bytes) -> bytes:
    """Return rows with strange cells, too few and too many of them, and other separators."""
    rows = [line.split(",") for line in valid.decode().splitlines()]
    for _ in range(rng.randint(1, 5)):
        row = rng.choice(rows)
        cell = str(rng.choice(STRANGE))
        match rng.randrange(4):
            case 0 if row:
                row[rng.randrange(len(row))] = cell
            case 1:
                row.append(cell)
            case 2 if row:
                row.pop()
            case _:
                rows.insert(rng.randrange(len(rows)), [cell] * rng.randrange(6))
    separator, end = rng.choice((",", ",", ";", "\t")), rng.choice(("\n", "\r\n", "\r"))
    text = end.join(separator.join(row) for row in rows)
    return rng.choice((b"", b"\xef\xbb\xbf")) + text.encode("utf-8", "surrogatepass")


def as_frame(rng: Random, valid: bytes) -> bytes:
    """Return a length and that many bytes, more or fewer, most of them an answer's."""
    numbers = [rng.choice((0.0, 1.0, -1e300, float("nan"), float("inf"))) for _ in range(3)]
    head = struct.pack("!16sBddd", rng.randbytes(16), rng.randrange(9), *numbers)
    content = head + rng.choice((b"", b"text", b"\xff" * 50, rng.randbytes(rng.randrange(4200))))
    said = rng.choice((len(content), len(content) + 1, 0, 2**32 - 1, rng.randrange(5000)))
    return struct.pack("!I", said) + content


PART_NAMES = (b"a", b"b", b"", b"\xff", b"\n", "é".encode(), b"x" * 40, b"x" * 41, b"x" * 255)


def as_numbers(rng: Random, valid: bytes) -> bytes:
    """Return a frame whose answer has parts or scores, as many as it says, more or fewer."""
    numbers = [
        rng.choice((0.0, -1e300, float("nan"), float("inf"))) for _ in range(rng.randrange(70))
    ]
    names = [
        rng.choice((*PART_NAMES, str(n).encode())) for n in range(rng.choice((0, 1, 3, 64, 70)))
    ]
    said = rng.choice((len(names), len(names), 0, 65, 255))
    count = rng.choice((len(numbers), len(numbers), 0, 2**32 - 1, 2**20))
    body = struct.pack("!BI", said, count) + b"".join(
        bytes([rng.choice((len(name), len(name), len(name), rng.randrange(256)))])
        + name
        + struct.pack("!d", rng.choice((1.0, float("nan"), float("-inf"))))
        for name in names
    )
    head = struct.pack("!16sBddd", rng.randbytes(16), 0x80 | rng.randrange(7), 0.0, 0.5, 1.0)
    content = head + body + struct.pack(f"!{len(numbers)}d", *numbers) + rng.choice((b"", b"text"))
    return struct.pack("!I", len(content)) + content


NAMES = (
    *("predictor.py", "submission.py", "metadata", "a/b.py", "top/predictor.py", "__MACOSX/x"),
    *("../x", "/x", "a//b", "a/./b", "\\x", "C:x", "con", "x" * 300, "é", "e\u0301", "A", "a"),
    *(".x", "a/" * 60 + "x.py", "._x", "x.pyc", "__pycache__/x.pyc", "\x1b[2J", "\u202ex"),
    *("n\n.py", "a/" * 2000 + "x", ""),
)
MODES = (0, 0o100644, 0o100000, 0o120777, 0o40755, 0o60600, 0o10600, 0o104755)
KINDS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2)


def as_zip(rng: Random, valid: bytes) -> bytes:
    """Return an archive of strange entries, and lies about them in its directory."""
    buffer = io.BytesIO()
    contents = (
        valid,
        b"",
        b"\0" * 100_000,
        b"# coding: punycode\n",
        rng.randbytes(300),
        b"(" * 500,
    )
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as archive:
        warnings.simplefilter("ignore")
        if rng.random() < 0.7:
            archive.writestr(zipfile.ZipInfo(rng.choice(NAMES[:2])), valid)  # of no date
        for _ in range(rng.choice((0, 1, 3, 8, 200))):
            entry = zipfile.ZipInfo(rng.choice(NAMES) or "x")
            entry.filename = rng.choice(NAMES) + rng.choice(("", "", "/", "x"))
            entry.external_attr = rng.choice(MODES) << 16
            entry.create_system = rng.choice((0, 3, 3, 19))
            entry.compress_type = rng.choice(KINDS)
            entry.extra = rng.choice((b"", b"", b"\x01\x00\x08\x00" + rng.randbytes(8)))
            archive.writestr(entry, rng.choice(contents))
        archive.comment = rng.choice((b"", b"", rng.randbytes(40)))
    whole = bytearray(buffer.getvalue())
    for _ in range(rng.choice((0, 0, 1, 2))):
        directory = whole.rfind(rng.choice((b"PK\x01\x02", b"PK\x05\x06", b"PK\x03\x04")))
        at = directory + rng.randrange(4, 46)
        if directory >= 0 and at < len(whole):
            whole[at] = rng.choice((0, 1, 0xFF, rng.randrange(256)))
    return bytes(whole)


Generator = Callable[[Random, bytes], bytes]


def generate(reader: str, number: int, generator: Generator, valid: bytes) -> bytes:
    """Return input ``number`` of a reader."""
    rng = Random(f"{reader}:{number}")
    content = generator(rng, valid)
    return wounded(rng, content) if rng.random() < 0.3 else content
