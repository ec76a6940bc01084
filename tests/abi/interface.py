"""What the tests of this folder share: the public headers and the export list, read as text.

SPDX-License-Identifier: MIT
"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEADERS = sorted((ROOT / "include").rglob("*.h"))
MAP = ROOT / "lib/libgan.map"

COMMENT = re.compile(r"/\*.*?\*/", re.S)
STRUCT = re.compile(r"typedef struct (\w+) \{(.*?)\} \1;", re.S)
PROTOTYPE = re.compile(r"^GAN_API\s+([^;{}]*?)\b(gan_\w+)\s*\(([^;{}]*)\)\s*;", re.S | re.M)


def prototypes():
    """{name: (header, position in it)} of all functions declared with GAN_API."""
    found = {}
    for header in HEADERS:
        for match in PROTOTYPE.finditer(code(header)):
            assert match.group(2) not in found, f"{match.group(2)} is declared twice"
            found[match.group(2)] = (header, match.start())
    return found


def code(header):
    """A header without its comments, which become spaces, so that positions stay."""
    return COMMENT.sub(lambda comment: re.sub(r"[^\n]", " ", comment.group()), header.read_text())


def structs(headers=HEADERS):
    """{name: [field, ...]} of all structs that hosts see."""
    found = {}
    for header in headers:
        for name, body in STRUCT.findall(code(header)):
            found[name] = [field for declaration in body.split(";")
                           for field in re.findall(r"\b(\w+)\s*(?:,|$)", declaration.strip())]
    return found


def exported():
    """The names in libgan.map."""
    text = COMMENT.sub("", MAP.read_text())
    return set(re.findall(r"\b(gan_\w+)\s*;", text.split("local:")[0]))


def report(errors):
    """Prints what is wrong; the exit code."""
    for error in errors:
        print(error)
    return 1 if errors else 0


def compare(what, names, wanted_from, wanted):
    """Differences between two sets of names, as lines."""
    return ([f"{what} lacks {name} of {wanted_from}" for name in sorted(wanted - names)] +
            [f"{what} has {name}, which {wanted_from} has not" for name in sorted(names - wanted)])
