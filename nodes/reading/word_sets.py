"""Makes sets of words from text, so that lists of words stay readable in the code that needs them."""


def word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


def numbered(text: str, first: int = 0, step: int = 1) -> dict[str, int]:
    """The words with the numbers they stand for, counted from `first`."""
    return {word: first + step * n for n, word in enumerate(text.split())}
