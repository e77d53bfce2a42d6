"""Makes newsletter_cli/digest/check/clients.json anew from the data of caniemail.com.

For maintainers; needs npm and the network:

    python docs/client_table.py [VERSION]        the npm package `caniemail`, newest when no version is given

Kept are the features that `check` can see in a page, and for each mail program its newest known answer:
y (works), a (in part), n (does not), u (unknown).
"""

import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "newsletter_cli" / "digest" / "check" / "clients.json"


def main(version: str = "latest") -> None:
    """Fetch, reduce, write."""
    sys.path.insert(0, str(ROOT))
    from newsletter_cli.digest.check.clients import SEEN

    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", f"caniemail@{version}"], cwd=folder, check=True)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            archive.extractall(folder, filter="data")
        package = Path(folder) / "package"
        data = json.loads((package / "data" / "caniemail.json").read_text(encoding="utf-8"))
        about = json.loads((package / "package.json").read_text(encoding="utf-8"))
        license_ = (package / "LICENSE").read_text(encoding="utf-8")
    features = {one["slug"]: one for one in data["data"]}
    missing = sorted(SEEN - features.keys())
    if missing:
        raise SystemExit(f"caniemail knows no {', '.join(missing)} any more")
    table = {
        "notice": "Reduced from the data of https://www.caniemail.com, by way of the npm package caniemail.",
        "version": about["version"],
        "date": data["last_update_date"][:10],
        "license": license_,
        "features": {slug: newest(features[slug]["stats"]) for slug in sorted(SEEN)},
    }
    text = json.dumps(table, ensure_ascii=False, indent=1, sort_keys=False)
    TARGET.write_text(text + "\n", encoding="utf-8")


def newest(stats: dict[str, dict[str, dict[str, str]]]) -> dict[str, str]:
    """family/platform → letter of its newest version; programs of which nothing else than "works" is known too."""
    return {
        f"{family}/{platform}": list(versions.values())[-1][0]
        for family, platforms in sorted(stats.items())
        for platform, versions in sorted(platforms.items())
        if versions
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
