"""What customers of the demo run into: seven plots a topic, each told anew with other names and figures."""

from __future__ import annotations

from companyos.demo.seed.plots import authentication, billing, ingestion, interface
from companyos.demo.seed.plots.plot import Plot

PLOTS: dict[str, tuple[Plot, ...]] = {
    "ingestion": ingestion.PLOTS,
    "authentication": authentication.PLOTS,
    "billing": billing.PLOTS,
    "interface": interface.PLOTS,
}
