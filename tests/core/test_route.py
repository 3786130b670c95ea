"""Routes: who answers, sticky keys, shares that grow, and routes that would leave a request without an answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core.codec import from_json, to_json
from seakeep.core.route import Arm, BadRoute, Route

OLD, NEW = "a" * 64, "b" * 64


def split(share: float, salt: str = "one") -> Route:
    return Route("tips", (Arm("champion", OLD, 1, 1 - share), Arm("challenger", NEW, 2, share)), salt=salt)


def test_the_champion_alone_answers_everything() -> None:
    route = Route("tips", (Arm("champion", OLD, 1),))
    assert {route.arm_for(point).role for point in (0.0, 0.5, 1 - 2**-53)} == {"champion"}


def test_challengers_own_the_low_end_and_the_champion_the_rest() -> None:
    route = split(0.25)
    assert [route.arm_for(point).role for point in (0.0, 0.2499, 0.25, 0.999)] == [
        "challenger", "challenger", "champion", "champion",
    ]  # fmt: skip


def test_several_champions_or_challengers_alone_share_the_whole_line() -> None:
    route = Route("tips", (Arm("challenger", OLD, 1, 0.5), Arm("challenger", NEW, 2, 0.5)))
    assert [route.arm_for(point).version for point in (0.0, 0.49, 0.5, 0.99)] == [1, 1, 2, 2]


@given(st.text(), st.floats(0.01, 0.5), st.floats(0.01, 0.49))
def test_a_key_stays_with_the_challenger_while_its_share_grows(key: str, share: float, more: float) -> None:
    small, large = split(share), split(share + more)
    if small.arm_for(small.point(key)).role == "challenger":
        assert large.arm_for(large.point(key)).role == "challenger"


@given(st.text())
def test_a_key_falls_where_it_always_fell(key: str) -> None:
    assert 0 <= split(0.1).point(key) == split(0.9).point(key) < 1


def test_another_salt_deals_the_keys_anew_and_the_share_is_kept() -> None:
    keys = [str(number) for number in range(20_000)]
    sides = [[split(0.3, salt).arm_for(split(0.3, salt).point(key)).version for key in keys] for salt in ("one", "two")]
    assert all(abs(side.count(2) / 20_000 - 0.3) < 0.015 for side in sides)
    both = sum(first == second == 2 for first, second in zip(*sides, strict=True)) / 20_000
    assert abs(both - 0.09) < 0.01


def test_a_route_survives_the_codec_and_lists_its_releases_once() -> None:
    route = Route("tips", (Arm("champion", OLD, 1),), (Arm("shadow", NEW, 2), Arm("shadow", OLD, 1)), "salt", 7)
    assert from_json(Route, to_json(route)) == route
    assert route.releases == (OLD, NEW)
    assert [arm.answers for arm in (*route.arms, *route.shadows)] == [True, False, False]


@pytest.mark.parametrize("shares", [(), (0.5,), (0.5, 0.6), (1.0, 0.0), (1.5, -0.5), (float("nan"),)])
def test_shares_that_do_not_deal_every_request_once_are_refused(shares: tuple[float, ...]) -> None:
    with pytest.raises(BadRoute, match="the arms of tips have shares") as caught:
        Route("tips", tuple(Arm("champion", OLD, 1, share) for share in shares))
    assert "share=0.95" in caught.value.fix


def test_a_role_in_the_wrong_place_is_refused() -> None:
    with pytest.raises(BadRoute, match="'shadow' is among its arms"):
        Route("tips", (Arm("shadow", OLD, 1),))
    with pytest.raises(BadRoute, match="'champion' is among its shadows"):
        Route("tips", (Arm("champion", OLD, 1),), (Arm("champion", NEW, 2),))
