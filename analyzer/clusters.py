"""Families: patterns that say similar things, by TF-IDF over character n-grams and DBSCAN over their templates.

Character n-grams need no spaces, so Japanese templates are compared like others. Templates are clustered, never lines:
DBSCAN's memory grows with the square of what it is given.
"""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

MOST_CLUSTERED = 4_000
"""So many templates are clustered; further ones join the family of the nearest of these, if it is near."""
FEWEST_TOGETHER = 2
FURTHEST = 0.58
"""Templates whose cosine distance is at most this are neighbours."""

_LONGEST = 300
_GRAMS = (2, 4)
_MOST_FEATURES = 50_000
_WORKING_MEGABYTES = 32
_ROWS_AT_ONCE = 500
_PROFILE_GRAMS = 60
_NEAR = 0.7
"""A template joins a family if it has this share, by weight, of what the family's members have in common."""
_NAME_WORDS = 3
_VALUE = re.compile(r"<\*>|\[[a-z-]+\]")
_SIGNS = re.compile(r"[\W\d_]+")
_ENDINGS = re.compile(r"\s*[ぁ-ん]+\s*")
_WORDS = re.compile(r"[A-Za-z][A-Za-z'-]{2,}|[ァ-ヶー]{2,}|[一-龥々]{2,}")
_JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龥]")
_COMMON = frozenset("the and for with from has was been not are this that into its".split())  # noqa: SIM905 - reads better


@dataclass(frozen=True, slots=True)
class Family:
    """Patterns that say similar things.

    name, name_ja: their distinctive words. pattern_ids: sorted. profile: weights of the n-grams that most of them have.
    """

    id: str
    name: str
    name_ja: str
    pattern_ids: tuple[str, ...]
    profile: Mapping[str, float] = field(default_factory=dict)

    def suits(self, text: str) -> bool:
        """Return whether a template says what the family's members have in common."""
        if not self.profile:
            return False
        said = _plain(text)
        return sum(weight for gram, weight in self.profile.items() if gram in said) >= _NEAR * sum(
            self.profile.values()
        )


def find_families(templates: Mapping[str, str], former: Sequence[Family] = ()) -> list[Family]:
    """Return the families among templates, the largest first.

    templates: texts by pattern id, the most important first. former: families of the last time; those that live on in
    new ones give these their ids.
    """
    said = {pattern_id: plain for pattern_id, text in templates.items() if (plain := _plain(text))}
    if len(said) < FEWEST_TOGETHER:
        return []
    groups = _clusters(list(said), list(said.values()))
    names = _names(groups, templates)
    profiles = _profiles(groups, said)
    ids = _ids(groups, former)
    found = [Family(ids[i], *names[i], tuple(sorted(group)), profiles[i]) for i, group in enumerate(groups)]
    return sorted(found, key=lambda family: (-len(family.pattern_ids), family.id))


def _plain(text: str) -> str:
    """Return the words of a template: without values, and without the particles and endings of Japanese."""
    words = _SIGNS.sub(" ", _VALUE.sub(" ", text[:_LONGEST])).strip().lower()
    return _ENDINGS.sub(" ", words).strip() or words


def _clusters(pattern_ids: Sequence[str], texts: Sequence[str]) -> list[list[str]]:
    import sklearn  # type: ignore[import-untyped]  # heavy, loaded on first use
    from sklearn.cluster import DBSCAN  # type: ignore[import-untyped]
    from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]

    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=_GRAMS, sublinear_tf=True, max_features=_MOST_FEATURES)
    vectors = vectorizer.fit_transform(texts)
    clustered = vectors[:MOST_CLUSTERED]
    with sklearn.config_context(working_memory=_WORKING_MEGABYTES):
        labels = DBSCAN(eps=FURTHEST, min_samples=FEWEST_TOGETHER, metric="cosine").fit_predict(clustered).tolist()
    for start in range(MOST_CLUSTERED, len(texts), _ROWS_AT_ONCE):
        likeness = vectors[start : start + _ROWS_AT_ONCE] @ clustered.T
        nearest = likeness.argmax(axis=1).A1
        for row, column in enumerate(nearest):
            labels.append(labels[column] if likeness[row, column] >= 1.0 - FURTHEST else -1)
    groups: dict[int, list[str]] = {}
    for pattern_id, label in zip(pattern_ids, labels, strict=True):
        if label >= 0:
            groups.setdefault(label, []).append(pattern_id)
    return list(groups.values())


def _names(groups: Sequence[Sequence[str]], templates: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return a name in English and in Japanese for each group: words that its members have and others have not."""
    words = {pattern_id: _words(text) for pattern_id, text in templates.items()}
    spread = Counter(word for found in words.values() for word in set(found))
    return [_name([words[pattern_id] for pattern_id in group], spread, len(words)) for group in groups]


def _name(members: Sequence[Sequence[str]], spread: Mapping[str, int], total: int) -> tuple[str, str]:
    shares = Counter(word for found in members for word in set(found))
    common = {word: count for word, count in shares.items() if 2 * count > len(members)} or shares
    weights = {word: count * math.log(1.0 + total / spread[word]) for word, count in common.items()}
    english = {word: weight for word, weight in weights.items() if not _JAPANESE.match(word)}
    japanese = {word: weight for word, weight in weights.items() if _JAPANESE.match(word)}
    mostly_japanese = sum(japanese.values()) > sum(english.values())
    order = [word for found in members for word in found]
    in_japanese = _heaviest(japanese or english, order, "・" if japanese else " ")
    if mostly_japanese or not english:
        return in_japanese, in_japanese
    in_english = _heaviest(english, order, " ")
    return in_english, in_english


def _heaviest(weights: Mapping[str, float], order: Sequence[str], between: str) -> str:
    """Return the words that weigh most, in the order in which they are said."""
    chosen = sorted(weights, key=lambda word: (-weights[word], word))[:_NAME_WORDS]
    return between.join(sorted(chosen, key=order.index))


def _words(text: str) -> list[str]:
    found = (word if _JAPANESE.match(word) else word.lower() for word in _WORDS.findall(_VALUE.sub(" ", text)))
    return [word for word in found if word not in _COMMON]


def _profiles(groups: Sequence[Sequence[str]], said: Mapping[str, str]) -> list[dict[str, float]]:
    """Return for each group the n-grams that most of its members have, weighted by how few others have them."""
    grams = {pattern_id: _grams(text) for pattern_id, text in said.items()}
    spread = Counter(gram for found in grams.values() for gram in found)
    profiles = []
    for group in groups:
        shares = Counter(gram for pattern_id in group for gram in grams[pattern_id])
        most = {
            gram: math.log(1.0 + len(said) / spread[gram]) for gram, count in shares.items() if 2 * count > len(group)
        }
        heaviest = sorted(most, key=lambda gram: (-most[gram], gram))[:_PROFILE_GRAMS]
        profiles.append({gram: round(most[gram], 3) for gram in heaviest})
    return profiles


def _grams(text: str) -> set[str]:
    return {text[i : i + 3] for i in range(len(text) - 2)}


def _ids(groups: Sequence[Sequence[str]], former: Sequence[Family]) -> list[str]:
    """Return an id for each group: that of the former family which it shares most with, or a new one."""
    members = {pattern_id: i for i, group in enumerate(groups) for pattern_id in group}
    shared = Counter(
        (members[pattern_id], family.id)
        for family in former
        for pattern_id in family.pattern_ids
        if pattern_id in members
    )
    ids: dict[int, str] = {}
    for (i, family_id), _ in sorted(shared.items(), key=lambda one: (-one[1], one[0])):
        if i not in ids and family_id not in ids.values():
            ids[i] = family_id
    taken = set(ids.values())
    for i, group in enumerate(groups):
        if i not in ids:
            ids[i] = _new_id(group, taken)
            taken.add(ids[i])
    return [ids[i] for i in range(len(groups))]


def _new_id(group: Iterable[str], taken: set[str]) -> str:
    for pattern_id in sorted(group):
        made = "f" + hashlib.blake2b(pattern_id.encode(), digest_size=5).hexdigest()
        if made not in taken:
            return made
    raise AssertionError("two families of the same patterns")
