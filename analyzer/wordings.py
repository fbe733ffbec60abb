"""Tables of regular expressions that are written one a line, so that each can be read and one be added."""

import textwrap


def wordings(text: str) -> tuple[str, ...]:
    """Return the expressions of a table.

    Blanks within a line count. A line that begins with `#` is a comment; one that is indented further than the others
    goes on with the one before it.
    """
    found: list[str] = []
    for line in textwrap.dedent(text).splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line[0] == " ":
            found[-1] += line.strip()
        else:
            found.append(line.rstrip())
    return tuple(found)
