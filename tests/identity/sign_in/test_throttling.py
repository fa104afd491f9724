"""Guessing is slowed down, the person whose account it is is not locked out (ID-23). Time is passed in."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from identity.sign_in.throttling import (
    ALL_NETWORKS,
    PER_ACCOUNT,
    PER_NETWORK,
    Counter,
    network_of,
    seconds_to_wait,
)

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def counter(failures: int, network: str = "192.0.2.0/24") -> Counter:
    return Counter(network, failures, AT)


def test_a_few_mistakes_cost_nothing():
    assert seconds_to_wait([counter(4)], known_network=False, at=AT) == 0


def test_from_then_on_each_failure_doubles_the_pause_up_to_a_quarter_of_an_hour():
    waits = [seconds_to_wait([counter(n)], known_network=False, at=AT) for n in (5, 6, 7, 8, 60)]
    assert waits == [1, 2, 4, 8, 900]


def test_the_pause_ends():
    assert seconds_to_wait([counter(8)], known_network=False, at=AT + timedelta(seconds=8)) == 0


def test_strangers_elsewhere_do_not_slow_down_a_known_network():
    flooded = [counter(0), counter(1000, ALL_NETWORKS)]
    assert seconds_to_wait(flooded, known_network=False, at=AT) == 60
    assert seconds_to_wait(flooded, known_network=True, at=AT) == 0


def test_a_day_without_a_failure_is_forgotten():
    assert counter(50).after(AT + timedelta(hours=23)) == 51
    assert counter(50).after(AT + timedelta(days=2)) == 1


@given(failures=st.integers(0, 10_000))
def test_more_failures_never_shorten_the_pause(failures):
    for pace in (PER_NETWORK, PER_ACCOUNT):
        assert pace.pause(failures) <= pace.pause(failures + 1) <= pace.longest


def test_a_network_is_what_one_office_has():
    assert network_of("192.0.2.77") == network_of("192.0.2.1") == "192.0.2.0/24"
    assert network_of("2001:db8:1:2:3::4") == "2001:db8:1::/56"
    assert network_of(None) == network_of("testclient") == "unknown"
