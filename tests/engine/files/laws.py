"""How property tests run here: as many examples as a busy machine can do, with no clock."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

law = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
