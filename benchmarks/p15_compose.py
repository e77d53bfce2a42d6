"""P15: `newsletter compose` and `newsletter check --offline` of a digest with ten articles, both processes together.

python benchmarks/p15_compose.py [--runs 10] [--quick]
"""

from itertools import count
from pathlib import Path

from measuring import Bench, read_words, run, seconds_of, take_turns
from room import empty_room, newsletter, workplace, write_articles

ARTICLES, PARAGRAPHS = 10, 6
numbers = count(1)


def main() -> None:
    given = read_words(__doc__, runs=10)
    bench = Bench("p15_compose", given)
    with workplace() as folder:
        room = empty_room(folder)
        slugs = write_articles(room, ARTICLES, PARAGRAPHS)
        both(room, slugs)  # the first start of all writes bytecode
        found = take_turns(given.runs, {"both": lambda: both(room, slugs)})
    bench.add("p15", [sum(took) for took in found["both"]])
    for name, place in (("compose", 0), ("check", 1)):
        bench.tell(name, [took[place] for took in found["both"]], "s")
    bench.close()


def both(room: Path, slugs: list[str]) -> tuple[float, float]:
    """Seconds of each, for a new digest of new words: nothing that an earlier one left behind is of any use."""
    digest = f"i{next(numbers)}"
    for path in room.glob("articles/**/*.md"):
        path.write_text(path.read_text(encoding="utf-8") + f"\n{digest}\n", encoding="utf-8")
    return (
        seconds_of(lambda: newsletter("compose", digest, "--list", "weekly", "--articles", *slugs, room=room)),
        seconds_of(lambda: newsletter("check", digest, "--offline", room=room)),
    )


if __name__ == "__main__":
    run(main)
