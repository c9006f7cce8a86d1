"""Tell whether a photo was seen before: by a print of what it shows, which survives another size and another JPEG.

The print is a difference hash: 64 bits, one for each place of a tiny grey picture where the next place is brighter. Two
photos of one thing taken twice differ in many bits, the same photo that was saved again in a few.
"""

import io
from uuid import UUID

from sqlalchemy import text

from powerbank.base.db import new_id, open_session
from powerbank.crew.tasks.models import PhotoPrint
from powerbank.stations.messages.arrays import format_array

SIDE = 8
BANDS, BAND_BITS = 4, 16
MOST_DIFFERENT = 6  # bits of 64
# Prints that are nearly alike have one of their four parts in common, so the index finds them.
_SEEN = text("""
    SELECT task_id FROM crew_photo_prints
     WHERE bands && CAST(:bands AS integer[]) AND task_id <> :task_id
       AND bit_count(CAST(print # CAST(:print AS bigint) AS bit(64))) <= :most
     LIMIT 1
""")


def print_of(picture: bytes) -> int:
    """Make the print of a picture that was made anew: a signed number of 64 bits, as PostgreSQL keeps it."""
    from PIL import Image

    with Image.open(io.BytesIO(picture)) as image:
        image.draft("L", (SIDE * 8, SIDE * 8))
        grey = image.convert("L").resize((SIDE + 1, SIDE), Image.Resampling.LANCZOS)
    pixels = grey.tobytes()
    bits = 0
    for row in range(SIDE):
        for column in range(SIDE):
            place = row * (SIDE + 1) + column
            bits = (bits << 1) | (pixels[place] < pixels[place + 1])
    return bits - (1 << 64) if bits >= 1 << 63 else bits


def bands_of(print_: int) -> list[int]:
    """Cut a print into four parts, each with its number, so that the second part is never taken for the first."""
    bits = print_ & ((1 << 64) - 1)
    return [(band << BAND_BITS) | ((bits >> (band * BAND_BITS)) & ((1 << BAND_BITS) - 1)) for band in range(BANDS)]


def find_seen(print_: int, *, task_id: UUID) -> UUID | None:
    """Find another task that such a photo proved before."""
    values = {"bands": format_array(bands_of(print_)), "print": print_, "task_id": task_id, "most": MOST_DIFFERENT}
    found: UUID | None = open_session().scalar(_SEEN, values)
    return found


def keep_print(print_: int, *, task_id: UUID, member_id: UUID) -> None:
    session = open_session()
    session.add(PhotoPrint(id=new_id(), task_id=task_id, member_id=member_id, print=print_, bands=bands_of(print_)))
    session.flush()
