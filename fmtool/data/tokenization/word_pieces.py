"""Learns the vocabulary of a WordPiece tokenizer, the same one for the same words.

The library's own trainer for it numbers the pieces in the order of a hash table, which differs from
process to process. Its trainer for byte pairs does not, and both do the same if the characters
within a word are other characters than those at its beginning: so they are put elsewhere in
Unicode while it learns, and come back as `##`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

PADDING, UNKNOWN = "[PAD]", "[UNK]"
"""Tokens 0 and 1."""
_PREFIX = "##"
_PRIVATE = 0xF0000
"""The beginning of two planes for private use, the last ones of Unicode."""


def vocabulary(
    words: Iterable[Sequence[str]], *, vocab_size: int, min_frequency: int
) -> dict[str, int]:
    """Pieces of words, by number: padding and unknown, then characters, then what they form.

    Args:
        words: of each text.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    counts = Counter(word for text in words for word in text)
    places: dict[str, str] = {}
    moved = {_moved(word, places): count for word, count in counts.items()}
    kept = _frequent(moved, most=vocab_size // 2)
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        min_frequency=min_frequency,
        special_tokens=[PADDING, UNKNOWN],
        show_progress=False,
    )
    learner.train_from_iterator(_spelled(moved, kept), trainer=trainer)
    originals = {place: character for character, place in places.items()}
    numbered = sorted(learner.get_vocab().items(), key=lambda item: item[1])
    return {_restored(piece, originals): number for piece, number in numbered}


def _moved(word: str, places: dict[str, str]) -> str:
    """The word with all characters but the first in their places."""
    for character in word[1:]:
        places.setdefault(character, chr(_PRIVATE + len(places)))
    return word[0] + "".join(places[character] for character in word[1:])


def _frequent(counts: Mapping[str, int], *, most: int) -> frozenset[str]:
    """The most frequent characters: in some scripts there are more than a vocabulary holds."""
    found: Counter[str] = Counter()
    for word, count in counts.items():
        for character in word:
            found[character] += count
    ranked = sorted(found, key=lambda character: (-found[character], character))
    return frozenset(ranked[: max(1, most)])


def _spelled(counts: Mapping[str, int], kept: frozenset[str]) -> Iterator[str]:
    """The words as often as they occur, without those that have other characters."""
    for word, count in counts.items():
        if kept.issuperset(word):
            yield f"{word} " * count


def _restored(piece: str, originals: dict[str, str]) -> str:
    plain = "".join(originals.get(character, character) for character in piece)
    return _PREFIX + plain if piece[0] in originals else plain
