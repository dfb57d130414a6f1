"""Sources and imports from the installed command: every kind of source over a real TLS site, files of every kind, a folder."""

import asyncio
import gzip
import json
import signal
from email.message import EmailMessage

import pytest
from tests.e2e.commands import answers, until
from tests.unit.backends.outside import site as sites
from tests.unit.desk import partnering
from tests.unit.desk.layouts import ARABIC, ENGLISH, FRENCH, RUSSIAN, SPANISH
from tests.unit.desk.test_gathering import filled, urlset
from tests.unit.desk.test_hostile import pdf
from tests.unit.desk.test_office import page

from tocsin.cli.demo.nodes import Federation, command

pytestmark = pytest.mark.slow
SECRET = "amira:f00d-of-a-partner"
TAXII = {"Content-Type": "application/taxii+json;version=2.1", "X-TAXII-Date-Added-Last": "2026-11-20T08:00:00Z"}
HTML = {"Content-Type": "text/html; charset=utf-8"}


def text_pdf(lines):
    drawn = " Tj T* ".join(f"({one})" for one in lines)
    return pdf(f"BT /F1 11 Tf 14 TL 40 760 Td {drawn} Tj ET".encode(), "[]")


def furnished(site):
    """A source of every kind; {name: (kind, path, documents that come of it)}."""
    url, second = site.url, FRENCH[1]
    item = f"<item><title>{ENGLISH[0].title}</title><link>{url}/rss/1</link></item>"
    entry = f"<entry><title>{second.title}</title><link href='{url}/atom/1'/><content>{' '.join(second.body)}</content></entry>"
    made = filled(1, "Fishermen off Tunisia have found a cable that somebody cut")
    bad = partnering.indicator("[ipv4-addr:value = '45.155.205.99']")
    shared = partnering.envelope(partnering.ACME, bad, partnering.report([bad]))
    site.pages |= {
        "/robots.txt": b"User-agent: *\nDisallow: /private\n",
        "/rss.xml": (200, {"Content-Type": "application/rss+xml", "ETag": '"1"'}, f'<rss version="2.0"><channel><title>Harbour</title>{item}</channel></rss>'.encode()),
        "/rss/1": (200, HTML, page(ENGLISH[0])),
        "/atom.xml": f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Rhône</title>{entry}</feed>'.encode(),
        "/feed.json": (200, {"Content-Type": "application/feed+json"}, json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "Strait", "items": [{"id": "1", "title": ARABIC[0].title, "content_text": " ".join(ARABIC[0].body)}]}).encode()),
        "/page": (200, HTML, page(SPANISH[0])),
        "/sitemap.xml": f"<sitemapindex><sitemap><loc>{url}/map.xml.gz</loc></sitemap></sitemapindex>".encode(),
        "/map.xml.gz": gzip.compress(urlset((f"{url}/mapped", "2026-11-01"))),
        "/mapped": (200, HTML, page(RUSSIAN[0])),
        "/paper.pdf": (200, {"Content-Type": "application/pdf"}, text_pdf([ENGLISH[2].title, *ENGLISH[2].body])),
        "/text": (200, {"Content-Type": "text/plain"}, "\n\n".join((ENGLISH[3].title, *ENGLISH[3].body)).encode()),
        "/feed/manifest.json": json.dumps({made.uuid: {"timestamp": "1"}}).encode(),
        f"/feed/{made.uuid}.json": partnering.told(made),
        "/api/collections/1/objects/": lambda query, headers: (200, TAXII, shared) if headers.get("Authorization", "").startswith("Basic ") else (401, {}, b"{}"),
    }  # fmt: skip
    return {
        "rss": ("feed", "/rss.xml", 1), "atom": ("feed", "/atom.xml", 1), "json": ("feed", "/feed.json", 1), "page": ("page", "/page", 1),
        "sitemap": ("sitemap", "/sitemap.xml", 1), "pdf": ("page", "/paper.pdf", 1), "text": ("page", "/text", 1), "misp": ("misp", "/feed/", 1),
        "taxii": ("taxii", "/api/collections/1/", 1),
    }  # fmt: skip


async def sourced(folder):
    authority, certificate = sites.authority(folder)
    with sites.opened(certificate) as site:
        wanted = furnished(site)
        async with Federation(folder, 2) as federation:
            await federation.init()
            home = federation.nodes[0].home
            settings = home.path / "tocsin.toml"
            kept = [
                one
                for one in settings.read_text().splitlines()
                if not one.startswith(("desk_inner", "desk_authorities"))
            ]
            ours = [f'desk_inner = ["{site.inner}"]', f'desk_authorities = "{authority}"']
            settings.write_text("\n".join([*ours, *kept]) + "\n")
            await federation.found()
            await federation.start()
            (folder / "token").write_text(SECRET + "\n")
            for name, (kind, path, _) in wanted.items():
                token = ("--token-file", folder / "token", "--auth", "basic") if name == "taxii" else ()
                status, (told,) = await answers(
                    home, "desk", "source", "add", name, site.url + path, "--kind", kind, *token
                )
                assert (status, told["has_token"]) == (0, name == "taxii"), told
                status, (tried,) = await answers(home, "desk", "source", "test", name)
                assert (status, tried["status"]) == (0, 200), tried
                assert tried["documents"] + tried["links"] > 0, tried
            # The node asks them by itself too, so what is new may be told to nobody here.
            status, (pulled,) = await answers(home, "desk", "source", "pull")
            assert (status, len(pulled["sources"])) == (0, 9), pulled
            listed = await until(
                lambda: federation.nodes[0].control.get("/desk/sources"), lambda told: all(one["good"] for one in told)
            )
            came = {one["name"]: (one["state"], one["code"], one["documents"]) for one in listed}
            assert came == {name: ("ok", "", count) for name, (_, _, count) in wanted.items()}
            status, (pulled,) = await answers(home, "desk", "source", "pull")
            assert (status, pulled["new"]) == (0, 0), pulled
            site.pages["/page"] = (410, {}, b"")
            status, (pulled,) = await answers(home, "desk", "source", "pull", "page")
            assert [(one["state"], one["code"], one["status"]) for one in pulled["sources"]] == [
                ("withdrawn", "desk.withdrawn", 410)
            ]
            assert status == 6, "who asks for one source hears by the exit code that it failed"
            status, (tried,) = await answers(home, "desk", "source", "test", "page")
            assert (status, tried["status"]) == (6, 410)
            for filters in (
                ("--topic", "foo"),
                ("--state", "foo"),
                ("--country", "XXXX"),
                ("--hits", "--topic", "cyber"),
            ):
                status, (told,) = await answers(home, "desk", "list", *filters)
                assert (status != 0, told["code"]) == (True, "config.value"), filters
            _, (listed,) = await answers(home, "desk", "source", "list")
            assert {one["name"]: one["documents"] for one in listed["sources"]} == {
                name: count for name, (_, _, count) in wanted.items()
            }
            status, (told,) = await answers(home, "desk", "source", "set", "rss", "--letter", "b", "--every", "3600")
            assert (status, told["letter"], told["every_s"]) == (0, "B", 3600)
            status, (told,) = await answers(home, "desk", "source", "set", "rss", "--letter", "G")
            assert (status != 0, told["code"]) == (True, "config.value")
            status, (told,) = await answers(home, "desk", "import", f"{site.url}/private/page", f"{site.url}/rss/1")
            assert [one.get("error", {}).get("code") for one in told["captures"]] == ["desk.robots", None]
            assert status != 0
            # The secret is nowhere but in the store.
            said = json.dumps([pulled, listed, told]) + federation.nodes[0].diagnostics.read_text()
            _, found = await answers(home, "doctor")
            assert SECRET.partition(":")[2] not in said + json.dumps(found)


def test_every_kind_of_source_from_the_installed_command(tmp_path):
    asyncio.run(sourced(tmp_path))


def mail(article):
    message = EmailMessage()
    message["From"], message["Subject"], message["Date"] = (
        "news@wire.example",
        article.title,
        "Tue, 17 Nov 2026 08:00:00 +0000",
    )
    message.set_content("\n\n".join(article.body))
    return message.as_bytes()


def filed(folder):
    """A folder as people keep them: good files of every kind, a broken one, a hidden one, an inner folder."""
    (folder / "inner").mkdir(parents=True)
    files = {
        "a.html": page(ENGLISH[0]),
        "b.eml": mail(ENGLISH[1]),
        "c.pdf": text_pdf([ENGLISH[2].title, *ENGLISH[2].body]),
        "d.txt": "\n\n".join((ENGLISH[3].title, *ENGLISH[3].body)).encode(),
        "e.json": partnering.told(filled(1, "Fishermen off Tunisia have found a cable that somebody cut")),
        "inner/f.json": partnering.bundle(partnering.ACME, partnering.report([partnering.ACME])),
        "inner/g.bin": b"\x00\x01\x02" * 100,
        "inner/empty.txt": b"",
        "inner/h.json": partnering.told(filled(2, "Closed", tags=("tlp:red",))),
        ".hidden.html": page(FRENCH[0]),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)


async def imported(folder):
    filed(folder / "files")
    async with Federation(folder, 2) as federation:
        await federation.init()
        await federation.found()
        await federation.start()
        home = federation.nodes[0].home
        process = await asyncio.create_subprocess_exec(
            *command(home, "desk", "import", str(folder / "files"), "--json"),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stderr is not None
        await process.stderr.readline()  # the first file is in
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
        assert process.returncode == 130, err.decode()
        before = json.loads(out)
        assert 1 <= len(before["captures"]) < 9
        assert b"Interrupted" in err
        status, (told,) = await answers(home, "desk", "import", folder / "files")
        codes = {one["what"].rpartition("/")[2]: one["error"]["code"] for one in told["captures"] if "error" in one}
        assert codes == {"empty.txt": "format.capture-empty", "g.bin": "format.capture-type", "h.json": "desk.marked"}
        assert (status != 0, told["refused"], told["of"], len(told["captures"])) == (True, 3, 9, 9)
        assert before["new"] + told["new"] <= 6
        status, (again,) = await answers(home, "desk", "import", folder / "files")
        assert again["new"] == 0
        _, (stories,) = await answers(home, "desk", "list")
        assert stories["documents"] == 6
        assert {one["title"] for one in stories["listed"]} >= {one.title for one in ENGLISH}


def test_a_folder_is_imported_and_an_interruption_loses_and_doubles_nothing(tmp_path):
    asyncio.run(imported(tmp_path))
