"""Python's garbage collector looks for cycles each time 700 more objects live than before, and now and then through all of them.

A service has half a million that stay for good, and batches of events and rows that are no garbage: with the collector as it
is delivered, a relay spends a third of its time on finding nothing.
"""

import gc


def collect_less_often() -> None:
    """To be called once everything is imported, which then is never looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 50)
