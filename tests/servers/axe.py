"""axe-core in an open page: what it finds against WCAG 2.2 A and AA."""

import json
from importlib.resources import files
from typing import Any

from tests.servers.chromium import Page

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")


def violations(page: Page, *, skip: tuple[str, ...] = ()) -> list[str]:
    """One line for each element that breaks a rule; [] when there is none.

    skip: rules by their axe id; whoever names one says why beside it.
    """
    page.evaluate((files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8") + "; true")
    options = {"runOnly": {"type": "tag", "values": TAGS}, "rules": {rule: {"enabled": False} for rule in skip}}
    found: list[dict[str, Any]] = page.evaluate(f"axe.run(document, {json.dumps(options)}).then(r => r.violations)")
    return [f"{one['id']}: {node['html'][:200]} {node['failureSummary']}" for one in found for node in one["nodes"]]
