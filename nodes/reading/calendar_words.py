"""The words for days, months and parts of the day, and the arithmetic of dates that they need."""

from calendar import monthrange
from datetime import date, time, timedelta

from nodes.reading.word_sets import numbered, word_set

_WEEKDAY_NAMES = numbered("monday tuesday wednesday thursday friday saturday sunday")
WEEKDAYS = _WEEKDAY_NAMES | {name + "s": n for name, n in _WEEKDAY_NAMES.items()}
SHORT_WEEKDAYS = {"sat": 5, "sun": 6}  # words of their own, days only in company
_MONTH_NAMES = numbered(
    "january february march april may june july august september october november december", first=1
)
MONTHS = _MONTH_NAMES | {name[:3]: n for name, n in _MONTH_NAMES.items()} | {"sept": 9}
UNSURE_MONTHS = frozenset({"may", "march", "mar", "dec", "jan", "sep"})  # verbs and names too
PARTS = {
    "morning": (time(8), time(12)), "lunchtime": (time(12), time(13)), "lunch": (time(12), time(13)),
    "afternoon": (time(12), time(17)), "evening": (time(17), time(20)), "night": (time(17), time(21)),
    "tonight": (time(17), time(21)), "daytime": (time(8), time(18)),
}  # fmt: skip
SINGULAR = {"mornings": "morning", "afternoons": "afternoon", "evenings": "evening", "nights": "night"}
AFTERNOON = word_set("afternoon evening pm")
LUNCH = word_set("lunch lunchtime")
NIGHT = word_set("night tonight")
LAST_NIGHT_HOUR = 5  # "two at night" is dark, "nine at night" is the evening


def add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        return day
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def add_days(day: date, days: int) -> date:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return day


def monday_of(day: date) -> date:
    return add_days(day, -day.weekday())


def last_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def next_weekday(day: date, weekday: int) -> date:
    """The next day of that name, never the day itself."""
    return add_days(day, (weekday - day.weekday() - 1) % 7 + 1)


def date_or_none(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None


def next_month_day(today: date, month: int, number: int, year: int | None = None) -> date | None:
    """The date, in the coming year where none is named; None where the calendar has no such day."""
    if year is not None:
        return date_or_none(year, month, number)
    days = (date_or_none(today.year + k, month, number) for k in range(9))
    return next((day for day in days if day is not None and day >= today), None)


def next_number(today: date, number: int, weekday: int | None = None) -> date | None:
    """The coming day with this number, "the 9th"; with a weekday the coming one on which both agree."""
    first = today.replace(day=1)
    for months in range(12):
        base = add_months(first, months)
        day = date_or_none(base.year, base.month, number)
        if day is not None and day >= today and weekday in (None, day.weekday()):
            return day
    return None


def nth_weekday(first: date, weekday: int, nth: int) -> date | None:
    """ "The second Monday" of the month that begins on `first`; -1 is the last one."""
    if nth < 0:
        last = last_of_month(first)
        return add_days(last, -((last.weekday() - weekday) % 7))
    day = add_days(first, (weekday - first.weekday()) % 7 + 7 * (nth - 1))
    return day if day.month == first.month else None


def quarter_of(day: date) -> tuple[date, date]:
    first = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return first, last_of_month(add_months(first, 2))
