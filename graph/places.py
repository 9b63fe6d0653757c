"""Loads the tables of regions that compliance owns."""

import json
from functools import lru_cache
from pathlib import Path

from domain.regions import Regions, read_regions


@lru_cache(maxsize=4)
def load_regions(folder: Path) -> Regions:
    """The tables of `folder`, checked; they also serve as the port Places."""
    tables = {
        name: json.loads((folder / f"{name}.json").read_text("utf-8"))
        for name in ("us_states", "us_area_codes", "regions")
    }
    return read_regions(**tables)
