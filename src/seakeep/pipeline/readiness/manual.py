"""Attestations: what a person signed off, in the registry's journal (kind "attestation"), which only grows.

One is about the sources it was signed for: a model that is trained again on new data keeps it, one whose code changed does not. It
ends after a stated time. Of several for one test the latest counts.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core import durations
from seakeep.core.codec import BadDocument, from_plain
from seakeep.pipeline.readiness.errors import BadReadiness
from seakeep.pipeline.readiness.findings import Finding, Piece, by_hand, iso
from seakeep.pipeline.readiness.rubric import find

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.registry.documents import Entry

KIND = "attestation"
VALID = "90d"
LONGEST = 366 * 86_400.0
SKEW_SECONDS = 86_400.0
"""What is dated further ahead than this is not believed: some clock was wrong."""


@dataclass(frozen=True, slots=True)
class Attestation:
    """A person's word for one test.

    test: its id. by: who. evidence: in words, or a file's path with sha256 its digest. code: digest of the sources that it was
    signed for. valid_seconds: how long it counts. at: Unix seconds; of the journal's line, so it is not part of its content.
    """

    test: str
    by: str
    evidence: str
    code: str
    valid_seconds: float
    sha256: str = ""
    at: float = 0.0

    @property
    def until(self) -> float:
        """When it ends, Unix seconds."""
        return self.at + self.valid_seconds


def signed(test: str, *, by: str, evidence: str, valid: str, code: str) -> Attestation:
    """An attestation as a person asks for it, checked. evidence: the path of a file that exists is kept with its digest.

    Raises: UsageError, for an unknown test; BadReadiness.
    """
    known = find(test).id
    by, evidence = by.strip(), evidence.strip()
    for option, value in (("--by", by), ("--evidence", evidence)):
        if not value:
            raise BadReadiness.unsigned(known, option)
    length = checked_length("--valid", valid, LONGEST)
    return Attestation(known, by, evidence, code, length, _digest(evidence))


def checked_length(option: str, text: str, most: float) -> float:
    """A length of time in seconds, above 0 and at most `most`. Raises BadReadiness."""
    found = durations.seconds(text)
    if found is None or not 0 < found <= most:
        raise BadReadiness.bad_length(option, text, most)
    return found


def latest(entries: Sequence[Entry]) -> dict[str, Attestation]:
    """The last attestation of each test; a line that cannot be read counts for nothing."""
    found: dict[str, Attestation] = {}
    for entry in entries:
        try:
            told = from_plain(Attestation, entry.content)
        except BadDocument:
            continue
        found[told.test] = replace(told, at=entry.at)
    return found


def lifted(finding: Finding, attestation: Attestation | None, *, code: str, now: float) -> Finding:
    """The finding with half a point where a valid attestation adds one; what the record contradicts stays at 0."""
    if attestation is None or finding.points >= 0.5:
        return finding
    piece = Piece(_words(attestation), attestation.sha256, attestation.at)
    if finding.how == "contradicted":
        return finding.with_pieces(Piece(f"{piece.what}; the record says the contrary, so it does not count"))
    refusal = _refusal(attestation, code, now)
    if refusal:
        return finding.with_pieces(Piece(f"{piece.what}; {refusal}", at=attestation.at))
    said = f"{attestation.by} signed it off on {iso(attestation.at)[:10]}, until {iso(attestation.until)[:10]}: "
    return by_hand(said + attestation.evidence, finding.missing, finding.fix, (*finding.pieces, piece))


def _refusal(attestation: Attestation, code: str, now: float) -> str:
    """Why an attestation does not count; "" where it does."""
    if attestation.at > now + SKEW_SECONDS:
        return "it is dated in the future, so it does not count"
    if now >= attestation.until:
        return f"it ended on {iso(attestation.until)[:10]}"
    if attestation.code != code:
        return "it was signed for other sources than those in charge"
    return ""


def _words(attestation: Attestation) -> str:
    return f"signed by {attestation.by}: {attestation.evidence}"


def _digest(evidence: str) -> str:
    """The digest of the file that the evidence names; "" where it is words."""
    path = Path(evidence)
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError) as error:
        if len(evidence) > 255 or "\n" in evidence or "\0" in evidence:
            return ""
        raise BadReadiness.unreadable_evidence(path, str(error)) from error
