"""TFRecord files of tf.Example without TensorFlow: their frames and checksums, the wire format, and columns both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

_HOMES = {"write_tfrecord": "writing"}

__all__ = ["write_tfrecord"]

if TYPE_CHECKING:
    from seakeep.data.tfrecord.writing import write_tfrecord

__getattr__, __dir__ = lazily(__name__, _HOMES)
