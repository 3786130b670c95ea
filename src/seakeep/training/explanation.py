"""The explanation file: trees or weights as NumPy's NPZ, in bytes that depend on the content only.

Written by `trainer` into Model.explanation, read by evaluation for per-row contributions; the arrays are listed in core.model.
NumPy's own savez stamps the time and a compressor's output depends on its version; either would give two equal runs
two digests, so entries are stored as they are, under one fixed time.
"""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.training.ensemble import Ensemble

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from seakeep.training.ensemble import Exported, Linear

_LINKS = {"votes": "identity", "sigmoids": "sigmoid"}
_UNSAYABLE = ("shares",)
_EPOCH = (1980, 1, 1, 0, 0, 0)


def explanation(exported: Exported, features: NDArray[np.float32]) -> bytes:
    """The NPZ's bytes. Parameters: features: what the estimator was fitted on (rows, features), for a linear model's means."""
    link = exported.answers.link
    if link in _UNSAYABLE:
        return b""
    scores = exported.scores
    arrays = _trees(scores, exported) if isinstance(scores, Ensemble) else _linear(scores, exported, features)
    return _npz({**arrays, "link": np.array(_LINKS.get(link, link))})


def _trees(ensemble: Ensemble, exported: Exported) -> dict[str, NDArray[Any]]:
    """Leaf values are scaled so that base plus one leaf a tree is what the link is applied to."""
    factor = exported.answers.scale / ensemble.divisor
    return {
        "kind": np.array("trees"),
        "feature": ensemble.feature,
        "threshold": ensemble.threshold,
        "left": ensemble.left,
        "right": ensemble.right,
        "missing_left": ensemble.missing_left,
        "value": ensemble.value * factor,
        "cover": ensemble.cover,
        "root": ensemble.root,
        "base": ensemble.base * factor,
    }


def _linear(linear: Linear, exported: Exported, features: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
    return {
        "kind": np.array("linear"),
        "coefficients": linear.coefficients * exported.answers.scale,
        "intercept": linear.intercept * exported.answers.scale,
        "mean": features.mean(axis=0, dtype=np.float64),
    }


def _npz(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.asarray(array, order="C"), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", date_time=_EPOCH), content.getvalue())
    return buffer.getvalue()
