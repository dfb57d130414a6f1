"""Every figure again, slowly, from what was said and not from what is stored. Written from docs/fairness.md alone."""

from statistics import median_low

from fairness_story import CHANNELS, GRACE, NOW, Community


def audience(log):
    return set(CHANNELS[log[0]][1])


class Oracle:
    """The entries of a scope: logs up to sizes."""

    def __init__(self, entries, sizes, as_of=NOW):
        inside = [one for one in entries if one.seq < sizes.get(one.log, 0)]
        self.inside = inside
        standing = [
            one for one in inside if not one.gone and not one.order and (not one.keep or one.keep > as_of + GRACE)
        ]
        standing.sort(key=self.when)
        self.claims = [one for one in standing if "value" in one.truth]
        self.said = [one for one in standing if "words" in one.truth]

    @staticmethod
    def when(entry):
        return entry.time, Community.slot(*entry.log), entry.seq

    def owner(self, object_id):
        return next((one.log[1] for one in self.claims if one.truth["object"] == object_id), None)

    def reports(self, value):
        """Claims of a value, each by the first member that used its object id for this value."""
        found = [one for one in self.claims if one.truth["value"] == value]
        first = {}
        for one in found:
            first.setdefault(one.truth["object"], one.log[1])
        return [one for one in found if first[one.truth["object"]] == one.log[1]]

    def about(self, object_id, value, giver):
        """(who, word, when) by recipients of an object that this member gave first, while it said this value."""
        if self.owner(object_id) != giver:
            return []
        versions = [one for one in self.claims if one.truth["object"] == object_id and one.log[1] == giver]
        out = []
        for said in self.said:
            if said.truth["about"] != object_id or said.log[1] == giver:
                continue
            # Nobody speaks of what it has not been given yet, but clocks differ.
            given = [one for one in versions if one.time - 3_600_000_000 <= said.time]
            if said.log[1] not in set().union(*(audience(one.log) for one in given)):
                continue
            before = [one for one in versions if self.when(one) < self.when(said)] or versions[:1]
            if before[-1].truth["value"] == value:
                out += [(said.log[1], word, said.time) for word in said.truth["words"]]
        return out

    def words(self, giver, value):
        objects = dict.fromkeys(one.truth["object"] for one in self.reports(value) if one.log[1] == giver)
        return [one for object_id in objects for one in self.about(object_id, value, giver)]

    def independent(self, one, other):
        authors = one.truth["author"], other.truth["author"]
        return one.truth["object"] != other.truth["object"] and (None in authors or authors[0] != authors[1])

    def figures(self, giver, judges, channel=None, since=0, until=2**62):
        """All figures, as told() gives them."""
        chosen = [
            one
            for one in self.inside
            if one.log[1] == giver and channel in (None, one.log[0]) and since <= one.time < until
        ]
        values = {one.truth["value"] for one in chosen if one in self.claims}
        ordered = [one.names for one in self.inside if one.order and one.log[1] == giver and hasattr(one, "names")]
        withdrawn = sum(one in ordered for one in chosen)
        out = {"given": sum(not one.order for one in chosen), "withdrawn": withdrawn, "claims": len(values)}
        out |= dict.fromkeys(("first", "confirmed", "sighted", "used", "useful", "judged", "false", "unique"), 0)
        out |= {"warnings": 0, "answered": 0}
        delays, answers = [], []
        for value in values:
            reports = self.reports(value)
            mine = [one for one in reports if one.log[1] == giver]
            theirs = [one for one in reports if one.log[1] != giver]
            warning = any(
                one.truth["warning"] for one in self.claims if one.truth["value"] == value and one.log[1] == giver
            )
            out["warnings"] += warning
            if not mine:
                continue
            begun, words = mine[0], self.words(giver, value)
            heard = [(who, word, at) for who, word, at in words if judges is None or who in judges]
            last = {who: word != "false" for who, word, _ in self.judging(giver, value, judges)}
            sighted, used = (any(one[1] == kind for one in heard) for kind in ("sighted", "used"))
            false = bool(last) and sum(not good for good in last.values()) > sum(last.values())
            useful = (sighted or used) and not false
            confirmed = any(one[1] == "sighted" for one in words) or any(
                self.when(one) > self.when(begun) and self.independent(one, begun) for one in theirs
            )
            first = confirmed and all(self.when(one) > self.when(begun) for one in theirs)
            alone = not any(
                word in ("sighted", "used")
                for one in theirs
                for _, word, _ in self.about(one.truth["object"], value, one.log[1])
            )
            for key, holds in (
                ("sighted", sighted), ("used", used), ("useful", useful), ("judged", bool(last)), ("false", false),
                ("confirmed", confirmed), ("first", first), ("unique", useful and alone),
            ):  # fmt: skip
                out[key] += holds
            if useful and begun.truth["seen"]:
                delays.append(max(0, begun.time - begun.truth["seen"]))
            if warning:
                firsts = {}
                for object_id in dict.fromkeys(one.truth["object"] for one in mine):
                    for who, kind, at in self.about(object_id, value, giver):
                        if kind == "answered" and (judges is None or who in judges):
                            firsts.setdefault(who, max(0, at - begun.time))
                out["answered"] += bool(firsts)
                answers += firsts.values()
        part = lambda some, of: round(some / of, 4) if of else None
        return out | {
            "share_ms": median_low(delays) // 1000 if delays else None,
            "answer_ms": median_low(answers) // 1000 if answers else None,
            "correctness": part(out["judged"] - out["false"], out["judged"]),
            "relevance": part(out["useful"], out["claims"]),
            "utility": part(out["used"], out["claims"]),
            "uniqueness": part(out["unique"], out["useful"]),
        }

    def judging(self, giver, value, judges):
        """The words by which somebody judges, in the order in which they count."""
        objects = dict.fromkeys(one.truth["object"] for one in self.reports(value) if one.log[1] == giver)
        for object_id in objects:
            for who, word, at in self.about(object_id, value, giver):
                if word != "answered" and (judges is None or who in judges):
                    yield who, word, at
