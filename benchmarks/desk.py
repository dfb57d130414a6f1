"""`make bench-desk`: every figure of the desk's core, on ../shared/data/news when it is there, else on what it makes itself.

Same event and links are single passes in shuffled orders; the mean is printed with the lowest. Thresholds were chosen on these very
sets (desk/thresholds.py says which): figures for publication need other data.
"""

import argparse
import importlib.util
import json
import random
import re
import resource
import time
from pathlib import Path

from benchmarks.extraction import extraction

from tocsin.desk.document import Clock, Document, Role, Way
from tocsin.desk.finding.places import places
from tocsin.desk.finding.read import find
from tocsin.desk.finding.sketch import sketch
from tocsin.desk.reading.opening import capture_of, read
from tocsin.desk.stories.copies import Copies, containment, narrowed
from tocsin.desk.stories.events import Events
from tocsin.desk.stories.linking import Links, encoder
from tocsin.desk.stories.newsroom import Newsroom
from tocsin.desk.stories.origins import derived, origins_of
from tocsin.formats.values import refanged

# By its path: some packages install a `tests` of their own, which would be found first.
_LAYOUTS = importlib.util.spec_from_file_location(
    "layouts", Path(__file__).resolve().parents[1] / "tests" / "unit" / "desk" / "layouts.py"
)
layouts = importlib.util.module_from_spec(_LAYOUTS)
_LAYOUTS.loader.exec_module(layouts)
LAYOUTS, SETS = layouts.LAYOUTS, layouts.SETS
NEWS = Path(__file__).resolve().parents[2] / "shared" / "data" / "news"
SEEN = 1_748_692_800_000_000
# Documents of NTREX 1-60 that tell one event, judged by their English texts alone: the set has a label for documents, none for events.
TOLD_TWICE = (
    ("rt.com.91337", "reuters.218932"),
    ("nytimes.184837", "euronews-en.153835", "reuters.218863", "nytimes.184860"),
    ("abcnews.306815", "newsweek.51338"),
    ("bbc.381746", "scotsman.133791"),
    ("cnbc.com.6769", "reuters.218861"),
    ("independent.226301", "reuters.218923"),
    ("cnn.304447", "cnn.304489", "newsweek.51310", "cnbc.com.6790"),
)
_ORDERS = 6


def bcubed(gold, made):
    groups, clusters = {}, {}
    for i, (one, other) in enumerate(zip(gold, made, strict=True)):
        groups.setdefault(one, set()).add(i)
        clusters.setdefault(other, set()).add(i)
    precision = recall = 0.0
    for one, other in zip(gold, made, strict=True):
        common = len(groups[one] & clusters[other])
        precision += common / len(clusters[other])
        recall += common / len(groups[one])
    precision, recall = precision / len(gold), recall / len(gold)
    return precision, recall, 2 * precision * recall / (precision + recall)


def plain(name, title, lines, language):
    return Document(
        name,
        name,
        "outlet",
        title,
        tuple(lines),
        "f",
        0,
        Role.SINGLE,
        Clock("", SEEN, SEEN, Way.CAPTURE),
        language=language,
    )


def orders(readings, gold, encode=None):
    figures = []
    for seed in range(_ORDERS):
        room = Newsroom(encode=encode)
        for i in random.Random(seed).sample(range(len(readings)), len(readings)):
            room.add(readings[i])
        figures.append(bcubed(gold, [room.story_of(one.document) for one in readings]))
    mean = [sum(column) / _ORDERS for column in zip(*figures, strict=True)]
    return {"precision": mean[0], "recall": mean[1], "f1": mean[2], "f1_lowest": min(one[2] for one in figures)}


def splitter():
    right = total = 0
    for articles in SETS.values():
        for layout in LAYOUTS.values():
            data = layout(articles).encode()
            found = [
                (one.title, one.outlet, one.stamp and one.stamp.text)
                for one in read(capture_of(data, "", "", SEEN), data).documents
            ]
            total += len(articles)
            right += (
                sum((one.title, one.outlet, one.stamp) in found for one in articles)
                if len(found) == len(articles)
                else 0
            )
    return {"made_pages_right": right, "made_pages_of": total}


def seeds(folder):
    gold = json.loads((folder / "gold.json").read_text("utf-8"))
    room, readings, copies, right, whole = Newsroom(), [], {}, 0, 0
    for i, name in enumerate(dict.fromkeys(one["capture"] for one in gold)):
        data = (folder / name).read_bytes()
        for one, want in zip(
            read(capture_of(data, "", "text/plain", SEEN + i), data).documents,
            [each for each in gold if each["capture"] == name],
            strict=True,
        ):
            right += (one.title, one.outlet, one.stamp.text if one.stamp else None) == (
                want["title"],
                want["outlet"] or "",
                want["stamp"],
            )
            # The label "Tags:" with what follows is cut off, and the gold counts it.
            whole += one.text.startswith(want["first"]) and abs(one.words / want["words"] - 1) < 0.03
            reading = find(one)
            placed = room.add(reading)
            readings.append((reading, want["same_event"]))
            copies |= {reading.document: placed.copy_of} if placed.copy_of else {}
    moscow = [one for one, event in readings if event == "moscow-2025-meeting"]
    story = set(room.documents_of(room.story_of(moscow[0].document)))
    return {
        "split": f"{right} of {len(gold)}",
        "moscow_documents_in_one_story": len(story & {one.document for one in moscow}),
        "strangers_in_it": len(story - {one.document for one in moscow}),
        "independent_origins": len(origins_of(moscow, copies)),
        "texts_that_begin_right_and_are_whole": f"{whole} of {len(gold)}",
    }


def ecb(path):
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    begun = time.process_time()
    readings = [find(plain(one["id"], "", one["text"].split("\n"), "en")) for one in rows]
    spent = time.process_time() - begun
    made = orders(readings, [one["event"] for one in rows])
    index, found, cut = Copies(), 0, 0
    for number, one in enumerate(readings):
        index.add(number, narrowed(one.sketch))
    for row in rows:
        words = row["text"].split()
        if len(words) >= 60:
            cut += 1
            found += index.nearest(narrowed(sketch(" ".join(words[: len(words) // 2])))) is not None
    different = [
        (a, b)
        for i, a in enumerate(readings)
        for b in readings[i + 1 :]
        if rows[i]["topic"] != b.document.partition("_")[0]
    ]
    false = sum(containment(a.sketch, b.sketch) >= 0.5 for a, b in different)
    chance = random.Random(1)
    pairs = [
        (a, b)
        for i, a in enumerate(readings)
        for j, b in enumerate(readings[i + 1 :], i + 1)
        if rows[i]["event"] == rows[j]["event"]
    ]
    told = [derived(*one) for one in chance.sample(pairs, min(len(pairs), 400))]
    return {
        "ecb": made,
        "half_cut_recall": found / cut,
        "half_cut_of": cut,
        "false_pairs": false,
        "false_pairs_of": len(different),
        "same_event_pairs_called_retold": sum(one >= 0.8 for one in told) / len(told),
        "readings_per_cpu_s": len(rows) / spent,
    }


def ntrex(path):
    rows = [
        row for line in path.read_text("utf-8").splitlines() if (row := json.loads(line))["lang"] in ("en", "fr", "ar")
    ]
    readings = [
        find(plain(f"{one['doc']}.{one['lang']}", one["lines"][0], one["lines"][1:], one["lang"])) for one in rows
    ]
    gold = [one["doc"] for one in rows]
    made = {"without_model": orders(readings, gold)}
    model = encoder()
    if model is not None:
        held, used = {}, [0.0]

        def encode(texts):
            if texts[0] not in held:
                begun = time.process_time()
                held[texts[0]] = model(texts)[0]
                used[0] += time.process_time() - begun
            return [held[texts[0]]]

        made["with_model"] = orders(readings, gold, encode) | {"vectors_per_cpu_s": len(held) / used[0]}
        same = {document: group[0] for group in TOLD_TWICE for document in group}
        events = [same.get(one, one) for one in gold]
        made["with_model_by_event"] = orders(readings, events, encode)
        # Who joins what tells one event is right, and wrong by the set's labels: the most that can be reached by them.
        made["events_by_document_label"] = bcubed(gold, events)[2]
        made["links_alone"] = links(readings, gold, encode)
    return made


def links(readings, gold, encode):
    """Linking by itself: every document is a story of its own language."""
    figures = []
    for seed in range(_ORDERS):
        linked = Links(encode, Events())
        for i in random.Random(seed).sample(range(len(readings)), len(readings)):
            linked.offer(readings[i].document, readings[i])
        figures.append(bcubed(gold, [linked.group_of(one.document) for one in readings]))
    return {"f1": sum(one[2] for one in figures) / _ORDERS, "f1_lowest": min(one[2] for one in figures)}


def key(text):
    return re.sub(r"^[a-z]+:/+", "", refanged(text).strip().lower()).rstrip("/?")


def indicators(folder):
    found = wanted = folded = references = suppressed = plain_proposed = reports = size = 0
    begun = time.process_time()
    for line in (folder / "gold.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        data = (folder / row["file"]).read_bytes()
        text = data.decode()
        # The whole way: what reading leaves out of a report is not found.
        documents = read(capture_of(data, f"https://reports.example/{row['file']}", "text/plain", 0), data).documents
        made = [finding for one in documents for finding in find(one).findings]
        have, gold = (
            {key(form) for one in made for form in (one.value, one.raw)},
            {key(value) for _, value in row["indicators"]},
        )
        wanted += len(row["indicators"])
        found += sum(key(value) in have for _, value in row["indicators"])
        proposed = [one for one in made if one.verdict == "proposed"]
        folded += sum(key(one.value) not in gold and key(one.raw) not in gold for one in proposed)
        plain_proposed += sum(
            not one.defanged and one.kind not in ("md5", "sha1", "sha256", "sha512") for one in proposed
        )
        references += sum(one.verdict == "reference" for one in made)
        suppressed += sum(one.verdict == "suppressed" for one in made)
        reports, size = reports + 1, size + len(text)
    return {
        "recall": found / wanted,
        "of": wanted,
        "proposed_beyond_gold_per_report": folded / reports,
        "not_defanged_proposed_per_report": plain_proposed / reports,
        "references_per_report": references / reports,
        "suppressed_per_report": suppressed / reports,
        "mb_per_cpu_s": size / 1e6 / (time.process_time() - begun),
    }


def countries(path):
    """Per report: countries our table finds in the text against those it finds in the labelled places: an upper bound for recall."""
    documents, hit, made, gold = path.read_text("utf-8").split("<DOCSTART>"), 0, 0, 0
    for one in documents:
        rows = [line.split("\t") for line in one.splitlines() if "\t" in line]
        words = [row[0] for row in rows]
        labels, run = [], []
        for row in rows:
            tag = next((cell for cell in row[1:] if cell.endswith("LOC")), "")
            if tag.startswith("I") and run:
                run.append(row[0])
            else:
                labels += [" ".join(run)] if run else []
                run = [row[0]] if tag else []
        want = {place.country for label in labels for place in places("", f"in {label}")}
        have = {place.country for place in places("", " ".join(words))}
        hit, made, gold = hit + len(want & have), made + len(have), gold + len(want)
    precision, recall = hit / max(made, 1), hit / max(gold, 1)
    return {
        "precision": precision,
        "recall_upper_bound": recall,
        "f1": 2 * precision * recall / max(precision + recall, 1e-9),
    }


def end_to_end(texts):
    """HTML pages of one article each, from bytes to a place in a story, on one thread."""
    pages = [
        f"<html><head><title>{title}</title></head><body><nav>Home World</nav><article><h1>{title}</h1>{''.join(f'<p>{one}</p>' for one in lines)}</article><footer>Rights</footer></body></html>".encode()
        for title, lines, _ in texts
    ]
    room, words = Newsroom(), 0
    begun = time.process_time()
    for i, data in enumerate(pages):
        for one in read(capture_of(data, f"https://a.example/{i}", "text/html", SEEN + i), data).documents:
            room.add(find(one))
            words += one.words
    spent = time.process_time() - begun
    return {
        "documents_per_cpu_s": len(pages) / spent,
        "documents": len(pages),
        "words_a_document": words / len(pages),
    }


def memory(count):
    """State of a newsroom full of documents that have nothing in common, in megabytes; and the speed of the last tenth against the first."""
    chance, room, before = random.Random(2), Newsroom(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    stock = [
        f"{chance.choice('bcdfgklmnprstv')}{chance.choice('aeiou')}{chance.randrange(60_000)}x" for _ in range(60_000)
    ]
    from tocsin.desk.document import Reading

    times = []
    for i in range(count):
        words = chance.sample(stock, 120)
        weights = dict.fromkeys(words, 0.0913)
        runs = tuple(sorted(chance.getrandbits(61) << 3 for _ in range(41)))
        begun = time.process_time()
        room.add(
            Reading(str(i), str(i), "o", "t", "l", "en", "", SEEN + i, SEEN + i, runs, weights, (), (), (), (), ())
        )
        times.append(time.process_time() - begun)
    tenth = max(count // 10, 1)
    return {
        "documents": count,
        "megabytes": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024,
        "adds_per_cpu_s_last_tenth": tenth / sum(times[-tenth:]),
        "last_tenth_to_first": sum(times[-tenth:]) / sum(times[:tenth]),
    }


def run(news, live):
    figures = {"splitter": splitter()}
    texts = [(one.title, list(one.body), language) for language, articles in SETS.items() for one in articles]
    if news.is_dir():
        rows = [json.loads(line) for line in (news / "ntrex-docs-1-60.jsonl").read_text("utf-8").splitlines()]
        texts = [(one["lines"][0], one["lines"][1:], one["lang"]) for one in rows]
        figures |= {
            "seeds": seeds(news / "seeds"),
            "one_language": ecb(news / "ecbplus-topics-1-35.jsonl"),
            "languages": ntrex(news / "ntrex-docs-1-60.jsonl"),
            "indicators": indicators(news / "ioc"),
            "countries": countries(news / "annoctr-dev.bio"),
        }
    figures["extraction"] = extraction(texts, SEEN)
    figures["end_to_end"] = end_to_end(texts if news.is_dir() else texts * 20)
    figures["memory"] = memory(live)
    figures["resident_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return figures


def main():
    parser = argparse.ArgumentParser(prog="make bench-desk", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    parser.add_argument("--news", type=Path, default=NEWS, help="the folder with labelled data")
    parser.add_argument("--live", type=int, default=20_000, help="documents in the state whose memory is measured")
    given = parser.parse_args()
    figures = run(given.news, given.live)
    if given.json:
        print(json.dumps(figures, indent=1))
        return
    for name, value in flat(figures):
        print(f"{name:55} {value:.4g}" if isinstance(value, float) else f"{name:55} {value}")


def flat(figures, above=""):
    for name, value in figures.items():
        if isinstance(value, dict):
            yield from flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


if __name__ == "__main__":
    main()
