"""How many examples the tests draw that draw their cases.

The suite runs after each change, so it draws few. A night has time for more: `THOROUGH=10 ./scripts/test` draws ten
times as many.
"""

import os

THOROUGH = int(os.environ.get("THOROUGH", "1"))
