"""Writes docs/errors.md from the one table of errors: `python docs/make_errors.py`. A test compares."""

from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Final

from tocsin.errors import MEANINGS, Who

PAGE: Final = Path(__file__).parent / "errors.md"
WHO: Final = MappingProxyType(
    {
        Who.AUTHOR: "whoever gave us the input",
        Who.OPERATOR: "whoever runs this node",
        Who.PEER: "the other member",
        Who.COMMUNITY: "every member: somebody signed a contradiction, and here is the proof",
        Who.DEVELOPER: "us",
    }
)
GROUPS: Final = MappingProxyType(
    {
        "format": "Bytes that are not what they claim to be. Exit code 1.",
        "policy": "The handling rules, the charter or a channel forbid it. Exit code 4.",
        "person": "What is about a person does not pass the narrow door ([persons.md](persons.md)). Exit code 4.",
        "verify": "A signed statement does not prove what it must. Exit code 5.",
        "receive": "What a peer sent was not taken; nothing of it was stored.",
        "deliver": "A receipt of a peer does not count.",
        "tlog": "Our own log is not what we have signed. Exit code 5.",
        "fsck": "What `tocsin fsck` finds. Exit code 5.",
        "evidence": "A file that proves nothing. Exit code 5.",
        "export": "A log that cannot be written to a file. Exit code 1.",
        "doctor": "What `tocsin doctor` finds and no other code says. Exit code 1 for a fail.",
        "backup": "A backup or a restore that is refused. Exit code 5 if the backup is damaged, else 1.",
        "store": "The store refused, or its outcome is not known. Exit code 1.",
        "peer": "The other member cannot be reached or will not talk to us. Exit code 6 where a command meets it.",
        "access": "The one who asks may not. Exit code 7.",
        "config": "A setting, a file or a command that cannot be used as it stands. Exit code 1.",
        "desk": "A source, a capture or a story of the desk ([desk.md](desk.md)). Exit code 1, of an unreachable source 6, of what is unknown 7.",
        "demo": "The demonstration did not get to its end. Exit code 1.",
        "internal": "A fault of ours. Exit code 1.",
    }
)
_HEAD: Final = """# Errors

Every error says what happened, why it is so, what to do, and a code. The code is stable: it stands in messages, in `--json`,
in diagnostics, in refusals between nodes and in the journal. No error quotes the content of an object.

This page is written by `python docs/make_errors.py` from `tocsin.errors.MEANINGS`.

"""


def render() -> str:
    """The whole page. KeyError for a group of codes that GROUPS does not introduce."""
    who = "".join(f"| {one.value} | {WHO[one]} |\n" for one in Who)
    parts = [_HEAD, "| who must act | |\n|---|---|\n", who]
    order = list(GROUPS)
    codes = sorted(MEANINGS, key=lambda code: (order.index(code.partition(".")[0]), code))
    for group, members in groupby(codes, lambda code: code.partition(".")[0]):
        parts.append(f"\n## {group}\n\n{GROUPS[group]}\n\n| code | who | why | what to do |\n|---|---|---|---|\n")
        parts += [_row(code) for code in members]
    return "".join(parts)


def _row(code: str) -> str:
    meaning = MEANINGS[code]
    cells = (f"`{code}`", meaning.who.value, meaning.why, meaning.do)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
    print(f"{PAGE.name}: {len(MEANINGS)} codes")
