"""Attestations: who may sign what, for how long, for which sources; and what is said of a bad one."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest

from seakeep.core.errors import UsageError
from seakeep.pipeline.readiness import BadReadiness, attest
from seakeep.pipeline.readiness.manual import signed
from seakeep.registry import Registry

from .craft import DAY, Craft


@pytest.fixture
def plain(craft: Craft) -> Craft:
    """A project of which nobody has signed or tested anything by hand."""
    craft.proofs, craft.git, craft.versions = (), False, 2
    return craft.make()


def sign(craft: Craft, test: str = "D5", **given):
    return attest(craft.root, test, **{"by": "Ada", "evidence": "privacy review 12", **given})


def test_a_signature_earns_half_a_point_and_says_whose_it_is(plain):
    assert plain.check("D5").observed == 0.0
    sign(plain)
    found = plain.check("D5")
    assert (found.observed, found.evidence["how"], found.verdict.value) == (0.5, "by hand", "inconclusive")
    assert "Ada signed it off on" in found.message
    assert "privacy review 12" in found.message


def test_a_file_is_kept_by_its_digest(plain, tmp_path):
    review = tmp_path / "review.md"
    review.write_text("Nobody's name is read.")
    assert sign(plain, evidence=str(review)).sha256 == hashlib.sha256(review.read_bytes()).hexdigest()
    assert hashlib.sha256(review.read_bytes()).hexdigest() in str(plain.check("D5").evidence)


def test_words_have_no_digest(plain):
    assert sign(plain, evidence="x" * 5000).sha256 == ""
    assert sign(plain, evidence="line\nline").sha256 == ""
    assert sign(plain, evidence="a\0b").sha256 == ""


def test_a_signature_ends(plain):
    sign(plain, valid="7d")
    assert plain.check("D5", now=time.time() + 6.9 * DAY).observed == 0.5
    late = plain.check("D5", now=time.time() + 7.1 * DAY)
    assert late.observed == 0.0
    assert "it ended on" in str(late.evidence)


def test_a_signature_from_the_future_does_not_count(plain):
    sign(plain, now=time.time() + 3 * DAY)
    found = plain.check("D5")
    assert found.observed == 0.0
    assert "dated in the future" in str(found.evidence)


def test_a_signature_for_other_sources_does_not_count(plain):
    with Registry(plain.home) as registry:
        content = {"test": "D5", "by": "Ada", "evidence": "x", "code": "0" * 64, "valid_seconds": 9e6}
        registry.journal.append("attestation", "tips", content, at=time.time())
    found = plain.check("D5")
    assert found.observed == 0.0
    assert "other sources" in str(found.evidence)


def test_the_latest_signature_counts(plain):
    sign(plain, evidence="first")
    sign(plain, evidence="second")
    assert "second" in plain.check("D5").message


def test_a_signature_never_lifts_above_half_nor_lowers_a_full_point(plain):
    sign(plain, "I4")
    assert plain.check("I4").observed == 1.0


def test_a_signature_can_be_given_before_there_is_a_release(craft):
    craft.root.mkdir()
    (craft.root / "pipeline.py").write_text('Pipeline(name="tips")')
    sign(craft)
    assert craft.check("D5").observed == 0.5


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"by": "  "}, "an attestation of D5 has no --by"),
        ({"evidence": ""}, "an attestation of D5 has no --evidence"),
        ({"valid": "0d"}, "found '0d', expected a length of time above 0 and at most"),
        ({"valid": "400d"}, "found '400d', expected a length of time"),
        ({"valid": "for ever"}, "found 'for ever', expected a length of time"),
        ({"test": "D9"}, "there is no test 'D9'"),
    ],
)
def test_a_bad_signature_is_refused_and_nothing_is_kept(plain, given, words):
    with pytest.raises(UsageError, match=words) as caught:
        sign(plain, **given)
    assert caught.value.fix
    with Registry(plain.home) as registry:
        assert registry.journal.entries(kind="attestation") == ()


def test_evidence_that_cannot_be_read_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "sealed.md"
    path.write_text("x")

    def refused(self, *_args, **_given):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(BadReadiness, match=r"cannot be read: .*Permission denied"):
        signed("D5", by="Ada", evidence=str(path), valid="90d", code="0" * 64)
