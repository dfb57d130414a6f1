"""A small newsroom in memory: one story of three documents, another that is near it, and what the pages did."""

from msgspec.structs import replace

from tocsin.desk.document import (
    Clock,
    Difference,
    Document,
    Finding,
    Found,
    Grade,
    Organisation,
    Origin,
    Place,
    Quote,
    Role,
    Topic,
    Verdict,
    Version,
    Way,
)  # fmt: skip
from tocsin.desk.generated import Asking
from tocsin.desk.register import Register
from tocsin.desk.shown import ALL, Hit, Judged, Listed, Shelved, Told
from tocsin.errors import AccessError

DAY_US = 86_400_000_000
TEXT = (
    "Customs credentials of two ports were sold on a forum on Monday, the harbour authority said.",
    "Controllers at Piraeus and Limassol were reached from 198.51.100[.]7 and from 203.0.113[.]9.",
)


class Newsdesk:
    def __init__(self, database, now_us, hostile=""):
        self.register = Register(database)
        self.asking = Asking(database, None, None, None)
        self.now_us, self.hostile = now_us, hostile
        self.done = []
        self.met = {"s-1": "country GR"}
        self.told = {"s-1": self._story("s-1", 3), "s-2": self._story("s-2", 1)}
        self.told["s-1"] = replace(self.told["s-1"], related=(self.told["s-2"].listed,))
        self.more = []

    def made(self, number, story):
        h = self.hostile
        seen = Clock("", self.now_us, self.now_us, Way.CAPTURE)
        published = Clock("2 days ago", self.now_us - 3 * DAY_US, self.now_us - 2 * DAY_US, Way.STAMP, True)
        rtl = number == 2
        paragraphs = ("بيعت بيانات دخول جمارك ميناءين في منتدى يوم الاثنين.",) if rtl else TEXT
        return Document(
            f"{story}-d{number}", f"article-{number}", f"Outlet {number}{h}",
            f"بيع بيانات جمارك الموانئ{h}" if rtl else f"Port customs credentials sold{h}", (*paragraphs, h or "End."),
            "ab" * 32, number, Role.SINGLE, seen, published, published, None, f"By A. Writer{h}", "Harbour Wire",
            f"HW{h}", f"https://news.example/{number}?{h}", "ar" if rtl else "en", "rtl" if rtl else "ltr",
            (f"ports{h}",), 40, 95, 2, number == 2, "", (f"hidden characters removed: 3{h}",),
        )  # fmt: skip

    def _story(self, id_, count):
        h = self.hostile
        documents = [self.made(number, id_) for number in range(count)]
        first = documents[0].id
        listed = Listed(
            id_, f"Port customs credentials sold {id_}{h}", self.now_us - 3 * DAY_US, self.now_us, count, count // 3,
            tuple(one.outlet for one in documents), 1, ("ar", "en"), ("GR", "CY"), ("cyber", "organised-crime"), 2, 95,
            "open", "B", 3,
        )  # fmt: skip

        def finding(value, verdict, reason="", raw="", given=False):
            raw = raw or value.replace(".", "[.]", 3).replace("[.]", ".", 2)
            return Judged(
                Finding("ip", value, raw + h, True, 50, 60, TEXT[1] + h, verdict, reason, given), first, None, ""
            )  # fmt: skip

        return Told(
            listed,
            tuple(Shelved(one, first if at == 1 else "", f"Harbour Wire{h}") for at, one in enumerate(documents)),
            (Origin(f"Harbour Wire{h}", first, {one.id: f"a copy{h}" for one in documents[1:]}),),
            Grade("B", 3, (f"3 outlets, 1 origin{h}",)),
            (Place("GR", 2, (Found(f"Piraeus{h}", 0, 7),)), Place("CY", 1, (Found("Limassol", 0, 8),))),
            (Organisation(f"Harbour Authority{h}", "HA", 2, ()),),
            (Topic("cyber", (Found(f"credentials{h}", 0, 5),), ("transport", "government")),),
            (
                finding("198.51.100.7", Verdict.PROPOSED),
                finding("203.0.113.9", Verdict.PROPOSED),
                finding("8.8.8.8", Verdict.SUPPRESSED, f"on the deny-list public-resolvers{h}"),
                finding("https://blog.example/", Verdict.REFERENCE, "", "https://blog.example/"),
                finding("203.0.113.77", Verdict.REFERENCE, "listed by its source as an indicator", given=True),
            ),
            (Quote(first, f"Outlet 0{h}", 0, 40, TEXT[0] + h, 0.9),),
            tuple((self.now_us - 2 * DAY_US, one.id, one.title) for one in documents),
            (),
            ("en",),
            (f"country GR{h}",),
        )

    async def stories(self, *, topic="", country="", language="", state="", also=ALL, before=(0, ""), limit=50):
        rows = sorted([one.listed for one in self.told.values()] + self.more, key=lambda one: (-one.last_us, one.id))
        rows = [
            one for one in rows
            if (not topic or topic in one.topics) and (not country or country in one.countries)
            and (not language or language in one.languages) and (not state or state == one.state)
            and (not also.of_interest or one.id in self.met) and also.text.lower() in one.title.lower()
            and (not before[0] or (-one.last_us, one.id) > (-before[0], before[1]))
        ]  # fmt: skip
        return rows[:limit]

    async def story(self, id_):
        if id_ not in self.told:
            raise AccessError("desk.unknown-story", "no such story")
        return self.told[id_]

    async def document(self, id_):
        for story, told in self.told.items():
            for one in told.shelved:
                if one.document.id == id_:
                    change = Difference(f"One port.{self.hostile}", f"Two ports.{self.hostile}", 0.8)
                    versions = (Version(f"{id_}-old", self.now_us - DAY_US, ()), Version(id_, self.now_us, (change,)))
                    return one.document, versions, story
        raise AccessError("desk.unknown-story", "no such document")

    async def acts(self, story):
        return []

    async def holding(self, contents):
        return {}

    async def declined(self, notes):
        return set()

    async def hits(self, limit=50):
        return [
            Hit(f"{what}{self.hostile}", story, self.told[story].listed.title, self.now_us)
            for story, what in self.met.items()
        ]

    async def forget(self, interest):
        self.done.append(("forget", interest))

    async def size(self, story):
        return len(self.told[story].shelved)

    async def beside(self, one, other):
        first, _, story = await self.document(one)
        others = [
            each.document
            for each in self.told[story].shelved
            if each.document.id in (other, other or each.document.id) and each.document.id != one
        ]
        if not others:
            raise AccessError("desk.unknown-story", "none beside it")
        return first, others[-1], ()

    async def named(self, text):
        await self.story(text)
        return text

    async def ask(self, id_, question):
        return tuple(one for one in self.told[id_].summary if question.lower() in one.text.lower())

    async def set_state(self, id_, state, by):
        self.done.append(("state", id_, state, by))
        told = await self.story(id_)
        self.told[id_] = replace(told, listed=replace(told.listed, state=state))

    async def judge(self, id_, value, taken, by):
        self.done.append(("judge", id_, value, taken, by))
        told = await self.story(id_)
        self.told[id_] = replace(
            told,
            findings=tuple(
                replace(one, taken=taken, by=by) if one.finding.value == value else one for one in told.findings
            ),
        )

    async def merge(self, id_, other, by):
        await self.story(other)
        self.done.append(("merge", id_, other, by))
        return id_

    async def split(self, id_, documents, by):
        self.done.append(("split", id_, tuple(documents), by))
        return "s-2"

    async def draft(self, id_, by):
        self.done.append(("draft", id_, by))
        return [self.piece]

    async def tried(self, name):
        await self.register.get(name)
        return {
            "name": name, "status": 200, "media_type": "text/html", "bytes": 9, "documents": 1, "links": 0, "left_out": 1,
            "titles": [f"A title{self.hostile}"],
        }  # fmt: skip

    async def pull(self, name):
        await self.register.get(name)
        self.done.append(("pull", name))
        return {"name": name, "new": 1}
