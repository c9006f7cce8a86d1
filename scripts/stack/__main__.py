"""`python -m scripts.stack`: what `scripts/run` starts. Loading takes a moment, in which Ctrl-C is pressed too."""

import sys

try:
    from scripts.stack import run

    sys.exit(run.main())
except KeyboardInterrupt:
    print("Stopped.", flush=True)
