"""Message -> template: a streaming miner that keeps apart what differs in words and joins what differs in values.

Most lines differ from one seen before only in their digits, or in identifiers made of digits and letters, so a
dictionary of lines without them answers nearly all. A miss goes the long way: personal data out, values out (what is
left is the shape), likely names open, what is left looked up; and a word generalised once many different ones were seen
in its place.

An id is fixed when the line is seen, and is a hash of the template's form. A template that was generalised leads by an
alias to the one it went into, which has the same id on every machine, whatever the order in which the lines came.
"""

import hashlib
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from analyzer.codes import code_places, hide_deciding_codes, numbers_at
from analyzer.likely_names import open_names, with_names
from analyzer.marks import NAME, VARIABLE
from analyzer.shapes import shape, without_hexadecimal, without_identifiers
from analyzer.variables import Found, VariableFinder, Words, trim

_DIGITS = b"0123456789"
_LONGEST_MESSAGE = 2_000
"""Characters of a message that a template is made of."""
_MOST_TEXT = 4_000_000
"""Characters in all templates together."""
_ALIASES = 4
"""Aliases that are kept, for each template that may be kept."""


@dataclass(slots=True)
class Template:
    """A group of messages that say the same.

    id: short and stable, a hash of the form. opened: what they say, with marks in place of likely names. names: those
    of all of them, None where they have several. general: which words of the form were generalised. live: False once
    the template went into another one, or was forgotten.
    """

    id: str
    opened: str
    names: tuple[str | None, ...] = ()
    general: frozenset[int] = frozenset()
    live: bool = True

    @property
    def form(self) -> str:
        """The text with `<*>` for likely names too."""
        return self.opened.replace(NAME, VARIABLE)

    @property
    def text(self) -> str:
        """What to show: values are `<*>`, and likely names where there are several."""
        return with_names(self.opened, self.names) if self.names else self.opened

    def admit(self, opened: str, names: tuple[str | None, ...]) -> bool:
        """Take up a message of the same form; returns whether the text changed."""
        if opened == self.opened:
            common = tuple([mine if mine == other else None for mine, other in zip(self.names, names, strict=True)])
        else:
            common, self.opened = (), self.form
        changed, self.names = common != self.names, common
        return changed


@dataclass(frozen=True, slots=True)
class Match:
    """What the miner says of a message; one object for all messages that differ only in digits.

    category: what the classifier said of it, None if nothing.
    """

    template: Template
    category: str | None


def _unclassified(_: str) -> str | None:
    return None


def _unmasked(text: str) -> str:
    return text


def _untold(_: str, __: Template) -> None:
    return None


class TemplateMiner:
    """Mines templates from messages, one at a time, in bounded memory.

    classify: message -> category or None; called where a message differs in more than digits from those before.
    mask: takes personal data out of a message before a template is made of it. on_merge: told the id of a template that
    went into another, and that other.
    many_values: so many different words in one place make it a variable. max_templates: beyond it the one that was not
    needed for longest is forgotten. max_signatures: size of the first look-up.
    Attributes: version, which grows with every new template.
    """

    def __init__(
        self,
        classify: Callable[[str], str | None] = _unclassified,
        mask: Callable[[str], str] = _unmasked,
        on_merge: Callable[[str, Template], None] = _untold,
        *,
        many_values: int = 6,
        max_templates: int = 10_000,
        max_signatures: int = 50_000,
    ) -> None:
        self._classify = classify
        self._mask = mask
        self._on_merge = on_merge
        self._max_templates = max_templates
        self._max_signatures = max_signatures
        self._signatures: dict[int, Match] = {}
        self._code_places: dict[int, tuple[int, ...]] = {}
        self._templates: OrderedDict[str, Template] = OrderedDict()  # the one needed last at the end
        self._merged: OrderedDict[str, str] = OrderedDict()
        self._general: dict[int, list[tuple[Template, Words]]] = {}
        self._variables = VariableFinder(self._form, many_values, max_templates)
        self._text_size = 0
        self.version = 0

    def __len__(self) -> int:
        return len(self._templates)

    def __iter__(self) -> Iterator[Template]:
        return iter(self._templates.values())

    def add(self, message: str) -> Match:
        """Return the template of one message; it is made if there is none yet."""
        raw = message.encode("utf-8", "replace")
        key = _key(raw)
        found = self._signatures.get(key)
        if found is not None and found.template.live:
            return found
        places = self._code_places.get(key)
        return self._add_coded(message, key, numbers_at(raw, places)) if places else self._add_varied(message, raw, key)

    def sizes(self) -> dict[str, int]:
        """Return how many entries each of the look-ups has, for metrics."""
        return {
            "templates": len(self._templates),
            "signatures": len(self._signatures) + len(self._code_places),
            "aliases": len(self._merged),
            **self._variables.sizes(),
        }

    def resolve(self, template_id: str) -> str:
        """Return the id of the template that a template was generalised into, or the id itself."""
        while template_id in self._merged:
            template_id = self._merged[template_id]
        return template_id

    def text(self, template_id: str) -> str | None:
        """Return the text of a template, None if it is not known (any more)."""
        template = self._templates.get(self.resolve(template_id))
        return template.text if template else None

    def _form(self, template_id: str) -> str | None:
        template = self._templates.get(self.resolve(template_id))
        return template.form if template else None

    def export_state(self) -> dict[str, Any]:
        """Return what is known, ready for JSON."""
        templates = [[each.opened, sorted(each.general), list(each.names)] for each in self._templates.values()]
        return {"templates": templates, "merged": dict(self._merged)}

    def import_state(self, state: Mapping[str, Any]) -> None:
        """Take up what an earlier miner exported; messages get the ids that it would have given them."""
        self._merged.update(state.get("merged", {}))
        for text, general, *rest in state.get("templates", ()):
            opened, names = (text, tuple(rest[0])) if rest else open_names(text)
            words = Words.of(opened.replace(NAME, VARIABLE), frozenset(general))
            self._variables.learn(self._make(opened, words, names, frozenset(general)).id, words)

    def _add_varied(self, message: str, raw: bytes, key: int) -> Match:
        """Look a message up that was not answered by its text without digits."""
        if not message.isascii():
            normal = unicodedata.normalize("NFKC", message)
            if normal != message:
                return self._add_normal(normal, key)
        raw, key = self._reduced(raw, key)
        places = self._code_places.get(key)
        if places is None and key not in self._signatures:
            places = code_places(raw)
        if places:
            self._remember(self._code_places, key, places)
            return self._add_coded(message, key, numbers_at(raw, places))
        return self._found(key) or self._learn(message, key, coded=False)

    def _add_normal(self, normal: str, key: int) -> Match:
        """Add a message that was not written in normal form; the next time its own key answers, if that is enough."""
        match = self.add(normal)
        if self._signatures.get(_key(normal.encode("utf-8", "replace"))) is match:
            self._remember(self._signatures, key, match)
        return match

    def _add_coded(self, message: str, key: int, numbers: tuple[bytes, ...]) -> Match:
        """Look a message up by its numbers that may be codes, then by those that are."""
        exact = hash((key, numbers))
        found = self._found(exact)
        if found is None:
            coded = hash((key, _key(without_identifiers(hide_deciding_codes(message).encode("utf-8", "replace")))))
            found = self._found(coded) or self._learn(message, coded, coded=True)
            self._remember(self._signatures, exact, found)
        return found

    def _found(self, key: int) -> Match | None:
        found = self._signatures.get(key)
        return found if found is not None and found.template.live else None

    def _reduced(self, raw: bytes, key: int) -> tuple[bytes, int]:
        """Return a message without the identifiers in it, and its key, unless it is known with them."""
        for without in (without_hexadecimal, without_identifiers) if _has_digits(raw) else ():
            if key in self._signatures or key in self._code_places:
                break
            reduced = without(raw)
            if len(reduced) < len(raw):
                raw, key = reduced, _key(reduced)
        return raw, key

    def _remember(self, index: dict[int, Any], key: int, what: Any) -> None:
        index[key] = what
        trim(index, self._max_signatures)

    def _learn(self, message: str, key: int, *, coded: bool) -> Match:
        """Make a match of a message, or renew the one whose template is no longer live."""
        match = self._renewed(self._signatures.get(key)) or self._mine(message, coded=coded)
        self._remember(self._signatures, key, match)
        return match

    def _renewed(self, match: Match | None) -> Match | None:
        """Return a match whose template is no longer live with the one it went into, or with itself if forgotten."""
        if match is None:
            return None
        template = match.template
        current = self._templates.get(self.resolve(template.id))
        if current is None and template.id not in self._merged:
            current = self._take_up(template, Words.of(template.form, template.general))
        return Match(current, match.category) if current else None

    def _mine(self, message: str, *, coded: bool) -> Match:
        category = self._classify(message)
        return Match(self._place(*open_names(shape(_shortened(self._mask(message)), coded=coded))), category)

    def _place(self, opened: str, names: tuple[str | None, ...] = ()) -> Template:
        """Return the template that an opened shape belongs to; one is made if there is none yet."""
        form = opened.replace(NAME, VARIABLE)
        template_id = self.resolve(_identify(form))
        template = self._templates.get(template_id)
        if template is not None:
            self._templates.move_to_end(template_id)
            if not template.general and template.admit(opened, names):
                self.version += 1
            return template
        words = Words.of(form)
        for general, its_words in self._general.get(words.frame, ()):
            if words.fits(its_words, general.general):
                return self._place(general.opened)
        template = self._make(opened, words, names)
        found = self._variables.learn(template.id, words)
        return self._generalise(words, found) if found else template

    def _make(
        self, opened: str, words: Words, names: tuple[str | None, ...] = (), general: frozenset[int] = frozenset()
    ) -> Template:
        self.version += 1
        template_id = _identify(opened.replace(NAME, VARIABLE))
        return self._take_up(Template(template_id, opened, names, general), words)

    def _take_up(self, template: Template, words: Words) -> Template:
        template.live = True
        self._merged.pop(template.id, None)
        self._templates[template.id] = template
        self._text_size += len(template.form)
        if template.general:
            self._general.setdefault(words.frame, []).append((template, words))
        while len(self._templates) > self._max_templates or self._text_size > _MOST_TEXT:
            self._drop(next(iter(self._templates.values())))
        return template

    def _generalise(self, words: Words, found: Found, general: frozenset[int] = frozenset()) -> Template:
        """Make one template of all those that differ in nothing but the variables found."""
        text, general = words.generalised(found.places), general | found.places
        into = self._templates.get(self.resolve(_identify(text)))
        further = None
        if into is None or not into.general:
            if into is not None:
                self._drop(into)
            words = Words.of(text, general)
            into = self._make(text, words, (), general)
            further = self._variables.learn(into.id, words)
        for member in found.members:
            self._merge(self._templates.get(member), into)
        return self._generalise(words, further, general) if further else into

    def _merge(self, template: Template | None, into: Template) -> None:
        if template is None or template is into:
            return
        self._drop(template)
        self._merged[template.id] = into.id
        if len(self._merged) > _ALIASES * self._max_templates:
            self._merged.popitem(last=False)
        self._on_merge(template.id, into)

    def _drop(self, template: Template) -> None:
        template.live = False
        del self._templates[template.id]
        self._text_size -= len(template.form)
        if template.general:
            frame = Words.of(template.form, template.general).frame
            rest = [pair for pair in self._general.pop(frame, ()) if pair[0] is not template]
            if rest:
                self._general[frame] = rest


def _key(raw: bytes) -> int:
    """Return the key of a message without its digits; one that has none is not taken for one that has."""
    skeleton = raw.translate(None, _DIGITS)
    return hash(skeleton) if len(skeleton) < len(raw) else ~hash(skeleton)


def _has_digits(raw: bytes) -> bool:
    return len(raw.translate(None, _DIGITS)) < len(raw)


def _shortened(message: str) -> str:
    """Return the beginning of a long message, its last word whole."""
    start = message[:_LONGEST_MESSAGE]
    return message if len(message) <= _LONGEST_MESSAGE else start.rpartition(" ")[0] or start


def _identify(text: str) -> str:
    return "t" + hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=6).hexdigest()[:11]
