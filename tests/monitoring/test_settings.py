"""Settings of a monitor: lengths of time, and messages that say what to write."""

from __future__ import annotations

import pytest

from seakeep.monitoring import MonitorSettings
from seakeep.monitoring.settings import BadMonitor


@pytest.mark.parametrize(
    ("text", "hours"), [("1h", 1.0), ("7d", 168.0), ("30m", 0.5), ("2w", 336.0), ("168.0h", 168.0), ("", 1.0)]
)
def test_lengths_are_read(text, hours):
    assert MonitorSettings(window=text).hours == hours


@pytest.mark.parametrize("text", ["hour", "1", "-1h", "1y", "h", "0h"])
def test_what_is_no_length_is_refused_with_an_example(text):
    with pytest.raises(BadMonitor, match="expected a length of time") as error:
        MonitorSettings(window=text)
    assert 'window = "1h"' in str(error.value)


@pytest.mark.parametrize("text", ["1s", "400d"])
def test_windows_too_short_or_too_long_are_refused(text):
    with pytest.raises(BadMonitor, match="expected 10 seconds to 366 days"):
        MonitorSettings(window=text)


@pytest.mark.parametrize(
    "changes", [{"margin": -0.1}, {"margin": float("nan")}, {"q": 0.0}, {"q": 1.0}, {"calm": 0}, {"grace": "soon"}]
)
def test_numbers_that_mean_nothing_are_refused(changes):
    with pytest.raises(BadMonitor) as error:
        MonitorSettings(**changes)
    assert next(iter(changes)) in str(error.value)


def test_settings_come_from_the_file(tmp_path):
    from seakeep.pipeline.settings import load_settings

    (tmp_path / "seakeep.toml").write_text('[monitor]\nwindow = "7d"\nby = "scheduled"\nmargin = 0.05\ncalm = 1\n')
    found = load_settings(tmp_path, flags={"monitor.grace": "1h"}).monitor
    assert (found.window, found.by, found.grace, found.margin, found.calm) == ("7d", "scheduled", "1h", 0.05, 1)
