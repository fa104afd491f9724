"""What the checker makes of a journal."""

import json

from checker import progress
from checker.told import Told


def attempt(intent: str, sent: float, answered: float, status: int | None, **more) -> dict:
    line = {"intent": intent, "kind": "order.submit", "attempt": 1, "facts": {}, "code": "", "error": "", "ids": {}}
    return {**line, "sent_at": sent, "answered_at": answered, "status": status, **more}


def asked(intent: str, at: float) -> dict:
    return {"intent": intent, "kind": "order.submit", "asked": True, "at": at, "facts": {}}


def told(tmp_path, *lines: dict) -> Told:
    path = tmp_path / "journal.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return Told.read(path)


def test_a_success_after_an_unknown_attempt_is_an_acknowledgement(tmp_path):
    lines = (
        asked("a", 0),
        attempt("a", 0, 30, None, error="timeout"),
        attempt("a", 31, 31.5, 201, ids={"order_id": "1"}),
    )
    [intent] = told(tmp_path, *lines).intents
    assert intent.ids == {"order_id": "1"}
    assert intent.seconds == 31.5
    assert intent.refusal is None


def test_a_final_refusal_is_one_and_an_unknown_end_is_none(tmp_path):
    refused, unknown, unheard = told(
        tmp_path,
        attempt("a", 0, 1, 409, code="priced-cart-used"),
        attempt("b", 0, 1, 503, code="unavailable"),
        asked("c", 0),
    ).intents
    assert unheard.refusal is None
    assert refused.refusal is not None
    assert refused.refusal.code == "priced-cart-used"
    assert unknown.refusal is None


def run(seconds_of: dict[int, float | None]) -> list[dict]:
    """One order a second from 0 to 69; a fault from 20 to 30. Seconds are those of the orders of that second."""
    marks = {"before": 0, "fault": 20, "fault-over": 30, "load-over": 70}
    lines = [{"mark": what, "at": at} for what, at in marks.items()]
    for at in range(70):
        took = seconds_of.get(at, 0.1)
        lines += [asked(str(at), at), attempt(str(at), at, at + (took or 30), 201 if took else None)]
    return lines


def test_recovery_is_when_a_whole_window_is_served_on_time(tmp_path):
    measured = progress.measure(told(tmp_path, *run(dict.fromkeys(range(20, 36), 15.0))), quiet_after=1, window=10)
    assert measured.recovered_after_s == 5.5
    assert measured.before == 1.0


def test_who_is_never_served_again_has_not_recovered(tmp_path):
    measured = progress.measure(told(tmp_path, *run(dict.fromkeys(range(20, 70)))), quiet_after=1, window=10)
    assert measured.recovered_after_s is None
