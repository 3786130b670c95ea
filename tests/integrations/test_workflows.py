"""The workflows for GitHub and GitLab: equal bytes, safe scripts, refused options; by their own schemas and linters where those are installed."""

from __future__ import annotations

import json
import re
import subprocess
from itertools import product
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, SequenceNode

from seakeep.core.errors import UsageError
from seakeep.integrations._workflows import BadWorkflow
from seakeep.pipeline.exports import BadExport, ProjectFacts, Subject, Target
from seakeep.pipeline.settings import Settings

GOLDEN = Path(__file__).parent / "golden"
TOOLS = Path(__file__).parents[2] / ".platforms" / "ci" / "bin"
SHA = "0123456789abcdef0123456789abcdef01234567"
TARGETS = ("github-actions", "gitlab-ci")


def subject(file: str = "pipeline.py", extras: tuple[str, ...] = ("train",)) -> Subject:
    facts = ProjectFacts(
        file=file, name="parcels", root=Path("nowhere"), code="c0de", spans=False, schema_file="parcels.schema.yaml",
        stages=("read", "register"), extras=extras, requirements=(),
    )  # fmt: skip
    return Subject("parcels", Settings(), facts)


def files(target: str, *, of: Subject | None = None, **options: str) -> dict[str, str]:
    found = Target.of(target)
    made = of or subject()
    return found.files(made, found.options(options, {}))


def read(text: str):
    return YAML(typ="safe", pure=True).load(text)


def scripts(target: str, text: str) -> list[str]:
    """Every script of a file."""
    whole = read(text)
    if target == "gitlab-ci":
        return [line for job in whole.values() if isinstance(job, dict) for line in job.get("script", ())]
    return [step["run"] for job in whole["jobs"].values() for step in job["steps"] if "run" in step]


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_written_is_what_was_reviewed(target):
    written = files(target)
    for path, text in written.items():
        place = GOLDEN / target / Path(path).name.lstrip(".")
        assert text == place.read_text("utf-8"), f"{place} differs; where it should: write it anew"


@pytest.mark.parametrize("target", TARGETS)
def test_the_same_project_gives_the_same_bytes(target):
    options = {"state": "remote", "exports": "gitlab-ci,github-actions", "cloud": "aws"}
    assert files(target, **options) == files(target, **options)


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_that_a_stranger_can_name_stands_in_a_script(target):
    for state in ("cache", "remote"):
        for text in files(target, state=state).values():
            for script in scripts(target, text):
                assert "${{" not in script
                assert not re.search(r"eval|\$\(.*(BRANCH|REF|TITLE|LABELS)", script)


@pytest.mark.parametrize("target", TARGETS)
def test_no_secret_stands_in_a_file_only_its_name(target):
    for text in files(target, state="remote", cloud="aws").values():
        assert not re.search(r"://[^/\s]*:[^/\s]*@|AKIA|-----BEGIN", text)


def test_jobs_of_github_may_read_the_repository_and_no_more():
    for text in files("github-actions").values():
        whole = read(text)
        assert whole["permissions"] == {"contents": "read"}
        assert all("permissions" not in job for job in whole["jobs"].values())
        assert all(job["timeout-minutes"] <= 60 for job in whole["jobs"].values())
        assert "concurrency" in whole


def test_only_jobs_that_need_an_identity_may_ask_for_one():
    made = {name.rpartition("/")[2]: read(text) for name, text in files("github-actions", cloud="aws").items()}
    assert made["seakeep-check.yml"]["permissions"] == {"contents": "read"}
    assert made["seakeep-release.yml"]["permissions"] == {"contents": "read", "id-token": "write"}


def test_a_pull_request_takes_another_identity_and_another_database_than_a_release():
    made = files("github-actions", state="remote", cloud="aws")
    check, release = made[".github/workflows/seakeep-check.yml"], made[".github/workflows/seakeep-release.yml"]
    assert "vars.AWS_READ_ROLE_ARN" in check
    assert "secrets.SEAKEEP_DATABASE_READ" in check
    assert "vars.AWS_ROLE_ARN" not in check
    assert not re.search(r"secrets\.SEAKEEP_DATABASE\b(?!_)", check)
    assert "vars.AWS_ROLE_ARN" in release
    assert "secrets.SEAKEEP_DATABASE }}" in release


def test_the_job_that_comments_runs_none_of_the_changes_code():
    job = read(files("github-actions", comment="true")[".github/workflows/seakeep-check.yml"])["jobs"]["comment"]
    assert job["permissions"] == {"pull-requests": "write"}
    assert not any("checkout" in step.get("uses", "") for step in job["steps"])
    assert job["needs"] == "check"


def test_an_action_is_pinned_to_the_commit_that_was_given_and_no_other_is_invented():
    made = files("github-actions", pins=f"actions/checkout={SHA}, actions/cache={SHA}")
    text = made[".github/workflows/seakeep-release.yml"]
    assert f"uses: actions/checkout@{SHA} # v6\n" in text
    assert f"uses: actions/cache/restore@{SHA} # v5\n" in text
    assert "uses: actions/setup-python@v6\n" in text
    assert not re.search(r"@[0-9a-f]{40}", "".join(files("github-actions").values()))


def test_without_a_schedule_nothing_runs_by_itself():
    whole = read(files("github-actions", schedule="")[".github/workflows/seakeep-retrain.yml"])
    assert set(whole["on"]) == {"repository_dispatch", "workflow_dispatch"}


def test_a_file_with_a_strange_name_stays_one_word():
    for target in TARGETS:
        for text in files(target, of=subject("my pipe'line $(x).py")).values():
            found = [script for script in scripts(target, text) if "seakeep ci" in script]
            assert all("'my pipe'\"'\"'line $(x).py'" in script for script in found)


def test_what_an_estimator_needs_is_installed_unless_a_line_was_given():
    assert "'seakeep[lightgbm]'" in files("gitlab-ci", of=subject(extras=("lightgbm",)))[".gitlab-ci.yml"]
    assert "    python -m pip install --disable-pip-version-check --quiet seakeep\n" in files("gitlab-ci", of=subject(extras=()))[".gitlab-ci.yml"]  # fmt: skip
    own = files("gitlab-ci", install="uv sync --locked")[".gitlab-ci.yml"]
    assert "- uv sync --locked\n" in own
    assert "pip install" not in own


def test_an_inconclusive_check_warns_or_fails_as_it_was_set():
    assert "allow_failure" not in files("gitlab-ci", inconclusive="fail")[".gitlab-ci.yml"]
    assert "exit 0" not in "".join(files("github-actions", inconclusive="fail").values())
    assert 'if [ "$code" -eq 2 ]' in files("github-actions")[".github/workflows/seakeep-check.yml"]


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("branch", "main; rm -rf /", "branch is 'main; rm -rf /'; expected the name of one branch"),
        ("branch", "a..b", "branch is 'a..b'"),
        ("folder", "../elsewhere", "folder is '../elsewhere'; expected the project's folder"),
        ("folder", "/abs", "folder is '/abs'"),
        ("folder", "it's", 'folder is "it\'s"'),
        ("rows", "0", "rows is 0; expected at least 1"),
        ("minutes", "-3", "minutes is -3; expected at least 1"),
        ("exports", "kubernets", "there is no target 'kubernets'"),
    ],
)
@pytest.mark.parametrize("target", TARGETS)
def test_an_option_that_cannot_be_is_refused_with_the_line_to_type(target, option, value, told):
    with pytest.raises(BadWorkflow) as caught:
        files(target, **{option: value})
    assert told in str(caught.value)
    assert caught.value.fix


@pytest.mark.parametrize("found", ["every day", "* * * *", "1 2 3 4 5 6", "@daily", "17 3 * * *; x"])
def test_a_schedule_that_is_no_cron_is_refused(found):
    with pytest.raises(BadWorkflow, match="expected the five fields of cron"):
        files("github-actions", schedule=found)


@pytest.mark.parametrize("found", ["17 3 * * *", "*/15 8-18 * * MON-FRI", "0,30 4 1 */2 0"])
def test_a_schedule_that_is_cron_is_taken(found):
    assert found in files("github-actions", schedule=found)[".github/workflows/seakeep-retrain.yml"]


@pytest.mark.parametrize(
    "found", ["actions/checkout=v6", f"actions/other={SHA}", f"checkout={SHA}", f"actions/checkout={SHA[:39]}"]
)
def test_a_pin_that_is_no_commit_of_an_action_is_refused(found):
    with pytest.raises(BadWorkflow, match="expected ACTION=SHA with the 40 digits of a commit"):
        files("github-actions", pins=found)


@pytest.mark.parametrize("target", TARGETS)
def test_an_unknown_option_is_told_the_nearest(target):
    with pytest.raises(BadExport, match="has no option 'brnch'"):
        files(target, brnch="main")
    with pytest.raises(UsageError):
        files(target, state="somewhere")


def combinations(target: str) -> list[dict[str, str]]:
    """Options that change what is written, together."""
    clouds = ("none", "aws", "gcp", "azure") if target == "github-actions" else ("none", "aws", "azure")
    found = [
        {"state": state, "cloud": cloud, "inconclusive": inconclusive, "exports": exports}
        for state, cloud, inconclusive, exports in product(
            ("cache", "remote"), clouds, ("warn", "fail"), ("", "gitlab-ci")
        )
    ]
    others = {"folder": "models/my parcels", "rollout": "canary"}
    if target == "github-actions":
        others |= {"comment": "true", "pins": f"actions/checkout={SHA}", "schedule": ""}
    return [*found, others, {"install": "uv sync --locked", "branch": "release/2.x"}]


@pytest.mark.platform
def test_githubs_schema_and_actionlint_with_shellcheck_find_nothing(tmp_path):
    found = combinations("github-actions")
    for number, options in enumerate(found):
        for path, text in files("github-actions", **options).items():
            place = tmp_path / ".github" / "workflows" / f"{number}-{Path(path).name}"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, "utf-8")
    written = sorted(map(str, (tmp_path / ".github" / "workflows").iterdir()))
    assert len(written) == 3 * len(found)
    check(["check-jsonschema", "--builtin-schema", "vendor.github-workflows", *written])
    check(["actionlint", "-shellcheck", str(TOOLS / "shellcheck"), *written])


@pytest.mark.platform
def test_gitlabs_schema_finds_nothing_and_shellcheck_agrees_with_every_script(tmp_path):
    for number, options in enumerate(combinations("gitlab-ci")):
        (text,) = files("gitlab-ci", **options).values()
        place = tmp_path / f"{number}.gitlab-ci.yml"
        place.write_text(text, "utf-8")
        for job, script in jobs(text):
            (tmp_path / f"{number}-{job}.sh").write_text(script, "utf-8")
    check(
        [
            "check-jsonschema",
            "--builtin-schema",
            "vendor.gitlab-ci",
            "--data-transform",
            "gitlab-ci",
            *sorted(map(str, tmp_path.glob("*.yml"))),
        ]
    )
    check(["shellcheck", "--shell=sh", "--severity=warning", *sorted(map(str, tmp_path.glob("*.sh")))])


@pytest.mark.platform
def test_another_reader_of_yaml_sees_the_same(tmp_path):
    for target in TARGETS:
        for text in files(target).values():
            (tmp_path / "x.yml").write_text(text, "utf-8")
            program = "import json, sys, yaml; print(json.dumps(yaml.load(open(sys.argv[1]), yaml.BaseLoader)))"
            done = subprocess.run(
                [TOOLS / "python", "-c", program, tmp_path / "x.yml"], capture_output=True, text=True, check=True
            )
            assert read(done.stdout) == read(as_text(text))


def as_text(text: str) -> str:
    """The document with every scalar as text, as JSON."""

    def plain(node):
        if isinstance(node, MappingNode):
            return {key.value: plain(value) for key, value in node.value}
        return [plain(each) for each in node.value] if isinstance(node, SequenceNode) else node.value

    return json.dumps(plain(YAML().compose(text)))


@pytest.mark.platform
def test_the_linter_does_find_what_is_wrong(tmp_path):
    """A linter that finds nothing anywhere would prove nothing."""
    text = files("github-actions")[".github/workflows/seakeep-release.yml"]
    place = tmp_path / ".github" / "workflows" / "wrong.yml"
    place.parent.mkdir(parents=True)
    place.write_text(text.replace("seakeep ci release pipeline.py", "echo ${{ github.head_ref }} $code"), "utf-8")
    with pytest.raises(AssertionError, match="potentially untrusted"):
        check(["actionlint", "-shellcheck", str(TOOLS / "shellcheck"), str(place)])
    place.write_text(text.replace("timeout-minutes", "time-out"), "utf-8")
    with pytest.raises(AssertionError, match="time-out"):
        check(["check-jsonschema", "--builtin-schema", "vendor.github-workflows", str(place)])


def check(command: list[str]) -> None:
    done = subprocess.run([TOOLS / command[0], *command[1:]], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def jobs(text: str) -> list[tuple[str, str]]:
    found = [(name, job["script"]) for name, job in read(text).items() if isinstance(job, dict) and "script" in job]
    return [(name, "\n".join(["set -e", *script, ""])) for name, script in found]
