"""The days that people name by a feast, and when they fall in a year."""

from datetime import date

from nodes.reading.calendar_words import add_days, monday_of, nth_weekday
from nodes.reading.dates import DaySpan
from nodes.reading.line import Line

_FIXED = {
    "new year is eve": (12, 31), "new years eve": (12, 31), "new year eve": (12, 31), "new year": (1, 1),
    "new years": (1, 1), "new years day": (1, 1), "new year is day": (1, 1), "new year is": (1, 1),
    "valentine is day": (2, 14), "valentines day": (2, 14), "valentines": (2, 14), "groundhog day": (2, 2),
    "st patricks day": (3, 17), "st patrick is day": (3, 17), "saint patricks day": (3, 17),
    "april fools": (4, 1), "april fools day": (4, 1), "cinco de mayo": (5, 5), "juneteenth": (6, 19),
    "canada day": (7, 1), "independence day": (7, 4), "fourth of july": (7, 4), "halloween": (10, 31),
    "all saints day": (11, 1), "veterans day": (11, 11), "remembrance day": (11, 11), "christmas eve": (12, 24),
    "christmas day": (12, 25), "christmas": (12, 25), "xmas": (12, 25), "boxing day": (12, 26),
}  # fmt: skip
_BY_WEEKDAY = {  # month, weekday, which one, days later
    "mlk day": (1, 0, 3, 0), "martin luther king day": (1, 0, 3, 0), "presidents day": (2, 0, 3, 0),
    "president is day": (2, 0, 3, 0), "mothers day": (5, 6, 2, 0), "mother is day": (5, 6, 2, 0),
    "memorial day": (5, 0, -1, 0), "fathers day": (6, 6, 3, 0), "father is day": (6, 6, 3, 0),
    "labor day": (9, 0, 1, 0), "labour day": (9, 0, 1, 0), "columbus day": (10, 0, 2, 0),
    "thanksgiving": (11, 3, 4, 0), "thanksgiving day": (11, 3, 4, 0), "black friday": (11, 3, 4, 1),
    "cyber monday": (11, 3, 4, 4),
}  # fmt: skip
_FROM_EASTER = {
    "easter": 0, "easter sunday": 0, "easter monday": 1, "good friday": -2, "palm sunday": -7, "ash wednesday": -46,
    "mardi gras": -47, "pentecost": 49,
}  # fmt: skip
_NAMES = {*_FIXED, *_BY_WEEKDAY, *_FROM_EASTER}
FIRST_WORDS = frozenset(name.partition(" ")[0] for name in _NAMES)
_LONGEST = max(len(name.split()) for name in _NAMES)


def easter(year: int) -> date:
    """The Sunday by the Gregorian reckoning, after Gauss as corrected by Butcher."""
    century, rest = divmod(year, 100)
    golden = year % 19
    epact = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    shift = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)


def feast_in(name: str, year: int) -> date | None:
    if name in _FIXED:
        return date(year, *_FIXED[name])
    if name in _FROM_EASTER:
        return add_days(easter(year), _FROM_EASTER[name])
    month, weekday, nth, later = _BY_WEEKDAY[name]
    day = nth_weekday(date(year, month, 1), weekday, nth)
    return None if day is None else add_days(day, later)


def feast_at(line: Line, i: int, today: date) -> tuple[int, date] | None:
    """The next day of the feast that is named at a place, and where its name ends."""
    if line.words[i - 1] in ("happy", "merry"):
        return None
    for length in range(_LONGEST, 0, -1):
        name = " ".join(line.words[i : i + length])
        if name not in _NAMES or i + length > len(line):
            continue
        years = range(today.year, min(today.year + 2, 9999) + 1)
        days = (day for year in years if (day := feast_in(name, year)) is not None and day >= today)
        day = next(days, None)
        return None if day is None else (i + length, day)
    return None


def feast_day(line: Line, i: int, today: date) -> DaySpan | None:
    """ "Christmas", "Thanksgiving weekend", "Easter 2027"."""
    held = feast_at(line, i, today)
    if held is None:
        return None
    end, day = held
    year = line.nums[end]
    if line.words[end] == "weekend":
        saturday = add_days(day, 5 - day.weekday() if day.weekday() else -2)
        return DaySpan(i, end + 1, saturday, max(add_days(saturday, 1), day), "weekend", year=day.year)
    if line.words[end] == "week":
        monday = monday_of(day)
        return DaySpan(i, end + 1, monday, add_days(monday, 6), "week", year=day.year)
    again = feast_at(line, i, date(year, 1, 1)) if 2000 <= year <= 2099 else None
    return DaySpan(i, end + (again is not None), *(again or held)[1:], (again or held)[1])
