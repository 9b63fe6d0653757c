"""Keeps the buyer's words out of the logs: the SDK writes some of them beside its warnings."""

import logging

_SDK = "livekit.agents"
_MARK = "pii"  # a segment of the names under which the SDK attaches personal data


class WithoutWords(logging.Filter):
    """Lets every record through, without what is marked as personal."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name in [name for name in vars(record) if _MARK in name.split(".")]:
            delattr(record, name)
        return True


def keep_words_out() -> None:
    """For this process, however often it is called."""
    logger = logging.getLogger(_SDK)
    if not any(isinstance(each, WithoutWords) for each in logger.filters):
        logger.addFilter(WithoutWords())
