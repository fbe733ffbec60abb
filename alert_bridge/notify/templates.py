"""The user's own words: a folder of templates that replace the product's."""

import logging
from collections.abc import Mapping
from pathlib import Path
from string import Template

logger = logging.getLogger(f"monitoring.{__name__}")

NAMES = ("headline.txt", "mail.txt", "mail.html", "slack.txt")
"""What can be replaced; a name such as `mail.ja.html` holds for one language alone."""


class Templates:
    """Templates by name, read at each use: an edited file is in force with the next message.

    folder: None for none. In a template `$name` or `${name}` stands for a value; one that is not known stays as it is.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def render(self, name: str, language: str, values: Mapping[str, str]) -> str | None:
        """Return a template with its values filled in; None where the folder has none of this name."""
        if self._folder is None:
            return None
        stem, _, suffix = name.partition(".")
        for file in (self._folder / f"{stem}.{language}.{suffix}", self._folder / name):
            try:
                return Template(file.read_text(encoding="utf-8")).safe_substitute(values)
            except FileNotFoundError:
                continue
            except (OSError, UnicodeDecodeError) as error:
                logger.error("template %s cannot be read (%s): the product's own words are sent", file, error)
        return None
