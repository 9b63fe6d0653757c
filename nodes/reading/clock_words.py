"""The words around a number that tell whether it is an hour."""

from nodes.reading.word_sets import word_set

LATEST_OFFICE_HOUR = 6  # a bare hour up to this one is taken as the afternoon
LEADS = word_set("at around about after before by until till from between past than to and or")
STRONG_LEADS = frozenset({"at", "after", "before", "until", "till", "than"})
PARTS_BEFORE = word_set("morning afternoon evening night tonight")
COUNT_LEADS = word_set(
    "table reservation booking room rooms tickets ticket seats party space dinner lunch slot reservations tables"
)
BEHIND_HOUR = word_set(
    "works work is would sounds please on in at or and then for to for till until if fits suits that this next the "
    "maybe ok should will could might instead than seems eastern central mountain pacific sharp ish we i it do does "
    "tomorrow tonight through thru til"
)
PRONOUN_LEADS = word_set(
    "the this that last later latest earlier earliest first which each another no any other middle me get have"
)
NOT_HOURS = word_set(
    """
    people person persons seats seat users user employees staff agents licenses licences reps folks percent dollars
    euros pounds minutes minute hours hour days day weeks week months month years year calls call times leads k ok
    off of more other others options option lines phones locations offices sites branches customers clients cents
    thousand hundred things questions adults guests kids tickets rooms nights room bed bedroom beds stars miles
    """
)
