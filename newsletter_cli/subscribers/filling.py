"""What a file or an editor may change of a reader who is known: empty values are filled, filled ones stay."""

from collections.abc import Collection, Mapping


def filled_in(
    name: str,
    fields: Mapping[str, str],
    new_name: str,
    new_fields: Mapping[str, str],
    overwrite: Collection[str] = (),
) -> tuple[str, Mapping[str, str], tuple[str, ...]]:
    """Name and fields afterwards, and which of them changed.

    overwrite: fields ("name" among them) that take the new value also where there was one. An empty new value never
    wins: it says that the file does not know.
    """
    changed = []
    if new_name and new_name != name and (not name or "name" in overwrite):
        name = new_name
        changed.append("name")
    after = dict(fields)
    for field, value in new_fields.items():
        if value and value != after.get(field) and (not after.get(field) or field in overwrite):
            after[field] = value
            changed.append(field)
    return name, after, tuple(changed)
