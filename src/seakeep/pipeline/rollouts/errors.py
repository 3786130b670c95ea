"""What can go wrong with a rollout of a project's releases, in words. Every message of pipeline.rollouts stands here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError

if TYPE_CHECKING:
    from seakeep.core.report import Verdict


class CannotRollOut(UsageError):
    """A rollout cannot be started, moved or undone as asked."""

    @classmethod
    def no_champion(cls, name: str, release: str) -> CannotRollOut:
        return cls(
            f"{name} has no champion to roll out beside",
            where=f"rollout of {release}",
            cause="Its releases failed checks or are inconclusive, so that none of them was put in charge.",
            fix=f"Mend what its checks say (seakeep show {release}) and run again. To serve it as it is: seakeep serve {release}",
            name=name,
        )

    @classmethod
    def nothing_later(cls, name: str, champion: int) -> CannotRollOut:
        return cls(
            f"{name} has no release after its champion, {name}@{champion}",
            where=f"rollout of {name}",
            cause="The last run changed nothing, so it made no new release; or none was made since.",
            fix=f"Name an earlier one: seakeep rollout start {name} --release {name}@1. See them: seakeep releases {name}",
            name=name,
            champion=champion,
        )

    @classmethod
    def other_name(cls, name: str, release: str) -> CannotRollOut:
        return cls(
            f"{release} is not a release of {name}",
            where=f"rollout of {name}",
            cause="A rollout replaces one release of a name by another of the same name.",
            fix=f"See what there is: seakeep releases {name}",
            name=name,
            release=release,
        )

    @classmethod
    def failed_trial(cls, release: str) -> CannotRollOut:
        return cls(
            f"{release} failed when it was served for a trial",
            where=f"rollout of {release}",
            cause="A server of it did not start, answered otherwise than when it was made, or took too long or too much.",
            fix=f"See why: seakeep serve {release} --check. To roll it out all the same, on record: --force REASON",
            release=release,
        )

    @classmethod
    def undecided_trial(cls, release: str) -> CannotRollOut:
        return cls(
            f"the trial of {release} is inconclusive, expected one that passed (rollout.needs_check)",
            where=f"rollout of {release}",
            cause="It holds no examples to answer, as releases that an older version registered.",
            fix="Register it again: seakeep run. To roll it out all the same, on record: --force REASON",
            release=release,
        )

    @classmethod
    def not_passed(cls, release: str, verdict: Verdict) -> CannotRollOut:
        told = "failed its checks" if verdict.value == "fail" else "has checks that are inconclusive"
        return cls(
            f"{release} {told}, expected a release that passed every check",
            where=f"rollout of {release}",
            cause="A rollout finds what only traffic shows; what is known already should not meet traffic.",
            fix=f"See them: seakeep show {release}. To roll it out all the same, on record: --force REASON",
            release=release,
            verdict=verdict,
        )

    @classmethod
    def other_answers(cls, release: str, champion: str, found: str, expected: str) -> CannotRollOut:
        return cls(
            f"{release} answers {found}, the champion {champion} answers {expected}",
            where=f"rollout of {release}",
            cause="Answers of another kind cannot be compared, and clients would not understand them.",
            fix="Give the model another name: Pipeline(name=…).",
            release=release,
            champion=champion,
        )

    @classmethod
    def running(cls, name: str, version: int, phase: str) -> CannotRollOut:
        return cls(
            f"a rollout of {name}@{version} is under way: {phase}",
            where=f"rollout of {name}",
            cause="One name has one rollout at a time, or no evidence could be told apart.",
            fix=f'Wait for it (seakeep rollout status {name}), or end it: seakeep rollout abort {name} --reason "…"',
            name=name,
            version=version,
            phase=phase,
        )

    @classmethod
    def none(cls, name: str) -> CannotRollOut:
        return cls(
            f"there is no rollout of {name}",
            where=f"rollout of {name}",
            cause="None was ever started in this registry, or the name is mistyped.",
            fix=f"Start one: seakeep rollout start {name}. See the names: seakeep releases",
            name=name,
        )

    @classmethod
    def over(cls, name: str, version: int, phase: str) -> CannotRollOut:
        promoted = phase == "promoted"
        return cls(
            f"the rollout of {name}@{version} is over already: {phase}",
            where=f"rollout of {name}",
            cause="What has ended cannot be aborted.",
            fix=f'To undo it: seakeep rollout rollback {name} --reason "…"'
            if promoted
            else f"Start another: seakeep rollout start {name}",
            name=name,
            version=version,
            phase=phase,
        )

    @classmethod
    def no_previous(cls, name: str) -> CannotRollOut:
        return cls(
            f"{name} has no earlier champion to go back to",
            where=f"rollback of {name}",
            cause="Its champion is the first that it had, or going back was done already.",
            fix=f"Put another release in charge: seakeep rollout start {name} --release {name}@1 --plan immediate "
            '--set reason="…"',
            name=name,
        )

    @classmethod
    def no_reason(cls, what: str) -> CannotRollOut:
        return cls(
            f"{what} needs a reason, found none",
            where="rollout",
            cause="What is done by hand is kept on record with its reason.",
            fix='--reason "why"' if what != "forcing a release" else '--force "why"',
            what=what,
        )
