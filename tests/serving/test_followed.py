"""A name is followed to a route whose releases are whole, or not at all."""

from __future__ import annotations

import pytest

from seakeep.registry import Registry
from seakeep.registry.errors import BadReference, UnreadableRegistry
from seakeep.serving import Followed
from seakeep.serving.served import CannotServe


def test_a_name_is_its_champion_until_a_route_is_set(release, keyed):
    made = release(keyed(1), keyed(2))
    followed = Followed.of(made.home, "flights")
    assert [(one.name, one.version, one.release) for one in followed.served] == [("flights", "1", made.digests[0])]
    assert followed.route.revision == 0


def test_releases_that_stay_on_the_route_are_not_read_again(release, keyed):
    made = release(keyed(1), keyed(2))
    first = Followed.of(made.home, "flights")
    second = first.to(made.canary(0.1))
    assert [one.version for one in second.served] == ["1", "2"]
    assert second.served[0] is first.served[0]


def test_a_route_with_a_release_that_is_torn_is_not_taken(release, keyed):
    made = release(keyed(1), keyed(2))
    first = Followed.of(made.home, "flights")
    (made.home / "releases" / made.digests[1] / "model.onnx").write_bytes(b"torn")
    with pytest.raises(CannotServe, match="was changed or torn"):
        first.to(made.canary(0.1))


def test_a_name_without_releases_or_registry_is_told(release, keyed, tmp_path):
    made = release(keyed(1))
    with pytest.raises(BadReference, match="flight"):
        Followed.of(made.home, "flight")
    with pytest.raises(UnreadableRegistry):
        Followed.of(tmp_path / "nowhere", "flights")


@pytest.mark.parametrize(
    ("reference", "follows"), [("flights", True), ("flights@champion", True), ("flights@1", False)]
)
def test_a_name_is_followed_and_a_version_is_not(release, keyed, monkeypatch, reference, follows):
    from seakeep import serving
    from seakeep.pipeline import answering

    made = release(keyed(1))
    found = {}
    monkeypatch.setattr(serving, "serve", lambda models, **options: found.update(options, models=models))
    answering.serve(reference, home=made.home, flags={"serve.log": "acknowledged"})
    assert isinstance(found["models"][0], Followed) is follows
    assert (found["home"], found["log"], found["log_seconds"]) == (made.home, "acknowledged", 1.0)


def test_a_folder_alone_is_not_logged(release, keyed, monkeypatch):
    from seakeep import serving
    from seakeep.pipeline import answering

    made = release(keyed(1))
    found = {}
    monkeypatch.setattr(serving, "serve", lambda models, **options: found.update(options))
    monkeypatch.chdir(made.home.parent)
    answering.serve(made.home / "releases" / made.digests[0])
    assert found["home"] is None
    with Registry(made.home) as registry:
        assert registry.champion("flights").version == 1
