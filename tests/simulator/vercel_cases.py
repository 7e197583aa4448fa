"""Every case that a rollback on Vercel is tried in: each row of what is known to go wrong, each documented status."""

from tests.simulator.vercel_case import Case
from tests.simulator.vercel_cases_asked import ASKED
from tests.simulator.vercel_cases_looked import LOOKED
from tests.simulator.vercel_cases_ordered import ORDERED

CASES: tuple[Case, ...] = (*ASKED, *ORDERED, *LOOKED)
