"""The figures of the crew's work."""

from typing import Any

from powerbank.api.auth import staff_only
from powerbank.api.openapi import Blueprint
from powerbank.base.db import utcnow
from powerbank.crew.figures import queries
from powerbank.crew.figures.schemas import CrewFiguresArguments, CrewFiguresSchema

blueprint = Blueprint(
    "Crew's figures (staff)", __name__, url_prefix="/api/admin/crew", description="How the crew's work goes."
)


@blueprint.get("/figures")
@staff_only("crew.read")
@blueprint.arguments(CrewFiguresArguments, location="query")
@blueprint.response(200, CrewFiguresSchema)
def figures(arguments: dict[str, Any]) -> dict[str, Any]:
    """How long tasks take, what was moved, who did not come, and what a saved rental costs

    A rental counts as saved where it began within a day after a task was done at its station: of each task as many as
    power banks were moved there.
    """
    return queries.read_figures(**arguments, now=utcnow())
