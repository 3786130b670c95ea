"""Dashboards for one release: what their panels ask, as values, and how they become Grafana's JSON. Used by grafana."""

from __future__ import annotations

from seakeep.integrations._grafana.panels import Board, Panel, Query, Row
from seakeep.integrations._grafana.quality import quality
from seakeep.integrations._grafana.rollout import rollout
from seakeep.integrations._grafana.service import service

__all__ = ["Board", "Panel", "Query", "Row", "quality", "rollout", "service"]
