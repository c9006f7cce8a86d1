"""Speed, measured beside others in one run on one machine. Only ratios within a run mean anything."""
