"""Personal data and secrets out of a text, before it is stored, shown or sent.

What they are is said in `masks`: `credentials.py`, `numbers.py`, `people.py`; the user's own kinds come beside them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from runtime.expressions import MOST_EXPRESSIONS, Expression, InvalidExpression
from runtime.masks import credentials, numbers, people
from runtime.masks.rule import Gates, Rule, Span, folded

RULES: Sequence[Rule] = (*credentials.RULES, *people.RULES, *numbers.RULES)
KINDS = frozenset(rule.kind for rule in (*RULES, people.ADDRESSES_OF_MACHINES))
"""The kinds that need no settings."""
_MOST_ROUNDS = 4


@dataclass(slots=True)
class Masker:
    """Takes personal data out of texts and counts what it took.

    own: the user's kinds. counts: items masked so far, by kind. Made by `masker`.
    """

    rules: Sequence[Rule] = RULES
    own: Mapping[str, Expression] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    _gates: Gates | None = field(default=None, init=False, repr=False)

    def mask(self, text: str) -> str:
        """Return the text with personal data replaced by its kind in brackets, such as `[email]`.

        What is masked stays so: masking twice changes nothing more.
        """
        for _ in range(_MOST_ROUNDS):
            masked = self._once(text)
            if masked == text:
                break
            text = masked
        return text

    def _once(self, text: str) -> str:
        for kind, expression in self.own.items():
            masked = f"[{kind}]"
            parts = [expression.sub(masked, part) for part in text.split(masked)]
            text = masked.join(part for part, _ in parts)
            self._count(kind, sum(count for _, count in parts))
        plain = folded(text)
        if self._gates is None:
            self._gates = Gates(self.rules)
        for rule in self._gates.open(plain):
            spans = list(rule.find(plain))
            if spans:
                text = _without(text, spans, rule.kind)
                plain = folded(text)
                self._count(rule.kind, len(spans))
        return text

    def _count(self, kind: str, count: int) -> None:
        if count:
            self.counts[kind] += count


def _without(text: str, spans: Iterable[Span], kind: str) -> str:
    pieces, end = [], 0
    for start, stop in spans:
        pieces.append(text[end:start])
        end = stop
    return f"[{kind}]".join((*pieces, text[end:]))


def masker(own: Mapping[str, str] | None = None, *, mask_ip: bool = False) -> Masker:
    """Return a masker with all rules.

    own: the user's kinds and their expressions. mask_ip: addresses of machines too.
    Raises InvalidExpression for an expression that cannot be used, or more than 50 of them.
    """
    own = own or {}
    if len(own) > MOST_EXPRESSIONS:
        raise InvalidExpression(list(own)[MOST_EXPRESSIONS], f"more than {MOST_EXPRESSIONS} expressions")
    expressions = {kind: Expression(kind, text) for kind, text in own.items()}
    return Masker((*RULES, *((people.ADDRESSES_OF_MACHINES,) if mask_ip else ())), expressions)


_DEFAULT = Masker()


def mask(text: str) -> str:
    """Return the text without personal data, by the rules that need no settings."""
    return _DEFAULT.mask(text)
