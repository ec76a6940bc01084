"""filter.py HEADER: a public header as Doxygen wants it, on stdout.

The headers are written to be read: one comment may serve a group of declarations, which ends at an
empty line. Doxygen wants a comment for each declaration, so each gets its own. A header is a Doxygen group, gan-<name>,
whose text is the header's first comment.

SPDX-License-Identifier: MIT
"""

import re
import sys
from pathlib import Path

COMMENT = re.compile(r"/\*(.*?)\*/", re.S)
RULER = re.compile(r"^---- .* -*$")
OPAQUE = re.compile(r"^typedef struct (\w+) \1;$")

# A comment, a declaration (whose braces and inner comments belong to it), a macro, an empty line.
TOKEN = re.compile(r"""
    (?P<comment>/\*.*?\*/) |
    (?P<macro>\#define[ ]GAN_[A-Z_]+[ ][^\n]+) |
    (?P<directive>\#[^\n]*(?:\n[^\n]*__attribute__[^\n]*)?) |
    (?P<empty>\n[ ]*\n) |
    (?P<declaration>(?:typedef|enum|GAN_API)\b(?:[^;{/]|/\*.*?\*/|/)*(?:\{(?:[^}/]|/\*.*?\*/|/)*\}[^;]*)?;) |
    (?P<other>.)""", re.S | re.X)


def text_of(comment):
    """A comment's lines without its frame."""
    body = COMMENT.fullmatch(comment).group(1)
    return "\n".join(re.sub(r"^ *\* ?", "", line).rstrip() if at else line.strip()
                     for at, line in enumerate(body.split("\n"))).strip("\n ")


def escaped(line):
    line = re.sub(r"([\\@&$#<>%\"])", r"\\\1", line)
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", line)


def marked_up(text):
    """Prose as Doxygen's, and what is indented verbatim."""
    out, verbatim = [], False
    lines = text.split("\n")
    for at, line in enumerate(lines):
        indented = line.startswith("    ") or (verbatim and not line and any(
            later.startswith("    ") for later in lines[at + 1:at + 2]))
        if indented != verbatim:
            out.append("@verbatim" if indented else "@endverbatim")
            verbatim = indented
        out.append(line if verbatim else escaped(line))
    return "\n".join(out + (["@endverbatim"] if verbatim else []))


def inside(declaration):
    """Members' and enumerators' comments, which stand behind them."""
    def behind(match):
        text = re.sub(r"\s*\n\s*(\* )?", " ", match.group(2).strip())
        return f"{match.group(1)}/**< {escaped(text)} */"
    return re.sub(r"([,;}\w][ ]*)/\*(.*?)\*/", behind, declaration, flags=re.S)


def documented(declaration, text):
    plain = re.sub(r"^GAN_API ", "", declaration)
    return f"/** {marked_up(text)} */\n{inside(plain)}\n" if text else f"{inside(plain)}\n"


def declarations(code):
    """(declaration, its text) in order."""
    found = []
    group = ""
    line_of_last = False  # the last token was a declaration, on this line
    for match in TOKEN.finditer(code):
        kind, token = match.lastgroup, match.group()
        if kind == "comment":
            text = text_of(token)
            if RULER.match(text):
                group = ""
            elif line_of_last:
                declaration, before = found[-1]
                found[-1] = declaration, f"{before}\n\n{text}" if before else text
            else:
                group = text
        elif kind == "empty":
            group = ""
        elif kind in ("declaration", "macro"):
            text = group
            if not text and OPAQUE.match(token):
                text = "An opaque handle."
            if token.startswith("GAN_API"):  # what is said of arguments is said of the function
                about = [text_of(comment) for comment in re.findall(r"/\*.*?\*/", token, re.S)]
                token = re.sub(r" */\*.*?\*/", "", token, flags=re.S)
                text = "\n\n".join(filter(None, [text] + about))
            found.append((token, text))
        line_of_last = kind in ("declaration", "macro") or (line_of_last and token == " ")
    return found


def main(path):
    code = Path(path).read_text()
    head = COMMENT.search(code)
    about = text_of(head.group()).replace("SPDX-License-Identifier: MIT", "").strip()
    name = path.split("include/")[-1]
    label = "gan-" + Path(path).stem if "/" in name else "gan-all"
    print(f"/** @defgroup {label} {name}\n\n{marked_up(about)}\n@{{ */")
    for declaration, text in declarations(code[head.end():]):
        print(documented(declaration, text))
    print("/** @} */")


if __name__ == "__main__":
    main(sys.argv[1])
