"""Routes: the champion answers in every phase until it is replaced."""

from __future__ import annotations

from seakeep.rollout import Look, abort, make_plan, observe, route

from .courses import CHALLENGER, CHAMPION, after, begun


def test_a_shadow_gets_copies_and_answers_nobody():
    found = route(begun(), revision=4)
    assert [(arm.release, arm.share) for arm in found.arms] == [(CHAMPION.release, 1)]
    assert [arm.release for arm in found.shadows] == [CHALLENGER.release]
    assert (found.salt, found.revision) == (begun().id, 4)


def test_a_canary_has_its_share_and_keeps_its_salt():
    first, second = after(begun()), after(begun(), 8)
    assert [(arm.role, arm.share) for arm in route(first).arms] == [("champion", 0.95), ("challenger", 0.05)]
    assert route(second).arms[1].share > 0.05
    assert route(first).salt == route(second).salt


def test_keys_of_a_canary_stay_with_it_when_its_share_grows():
    first, second = after(begun()), after(begun(), 8)
    keys = [f"k{number}" for number in range(2000)]
    with_it = {key for key in keys if route(first).arm_for(route(first).point(key)).role == "challenger"}
    later = {key for key in keys if route(second).arm_for(route(second).point(key)).role == "challenger"}
    assert with_it < later


def test_a_held_rollout_keeps_its_shares():
    held = observe(after(begun()), Look(), at=5000)
    assert held.phase == "held"
    assert route(held).arms[1].share == 0.05
    assert route(observe(begun(), Look(), at=5000)).shadows


def test_at_the_end_one_release_answers_alone():
    promoted = begun(make_plan("immediate", {"reason": "x"}))
    for rollout, release in ((promoted, CHALLENGER), (abort(begun(), reason="x", at=1), CHAMPION)):
        found = route(rollout)
        assert [(arm.role, arm.release, arm.share) for arm in found.arms] == [("champion", release.release, 1)]
        assert (found.shadows, found.salt) == ((), "")
