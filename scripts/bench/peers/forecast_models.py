"""Models of a library that say what comes, night by night, each from the eight weeks before it.

On standard input: the days that are held back, and for each station how much came in each hour, oldest first. On
standard output, for each model: the seconds of processor that it took, and for each station what it says of the hours
that were held back. It runs in an environment of its own (`statsforecast.txt`).
"""

import json
import sys
import time
import warnings

import pandas as pd
from statsforecast import StatsForecast
from statsforecast.models import MSTL, AutoETS, CrostonSBA, DynamicOptimizedTheta, SeasonalWindowAverage

DAY, WEEK = 24, 168
WEEKS = 8
MODELS = (
    SeasonalWindowAverage(season_length=WEEK, window_size=WEEKS, alias="the plain mean of eight weeks"),
    MSTL(season_length=[DAY, WEEK], alias="MSTL, days and weeks"),
    DynamicOptimizedTheta(season_length=DAY, alias="Theta"),
    AutoETS(season_length=DAY, alias="AutoETS"),
    CrostonSBA(alias="Croston"),
)


def main() -> None:
    warnings.simplefilter("ignore")
    asked = json.load(sys.stdin)
    days, stations = asked["days"], asked["stations"]
    kept = (WEEKS * 7 + days) * DAY
    times = pd.date_range("2001-01-01", periods=kept, freq="h")
    table = pd.concat(
        pd.DataFrame({"unique_id": name, "ds": times, "y": came[-kept:]}) for name, came in stations.items()
    )
    said = {}
    for model in MODELS:
        began = time.process_time()
        nights = StatsForecast(models=[model], freq="h", n_jobs=1).cross_validation(
            df=table, h=DAY, step_size=DAY, n_windows=days, input_size=WEEKS * WEEK
        )
        seconds = time.process_time() - began
        expected = {
            str(name): [max(0.0, float(value)) for value in each.sort_values("ds")[model.alias]]
            for name, each in nights.groupby("unique_id")
        }
        said[model.alias] = {"seconds": seconds, "expected": expected}
        print(f"{model.alias}: {seconds:.0f} s", file=sys.stderr, flush=True)
    json.dump(said, sys.stdout)


if __name__ == "__main__":
    main()
