"""The child that reads, as the process it is: what it makes of a page, and what happens to one that hangs it."""

import asyncio
from hashlib import sha256

import pytest

from tocsin.backends.outside.reader import ReaderProcess
from tocsin.desk.document import Capture
from tocsin.errors import FormatError

pytestmark = pytest.mark.slow  # a process that reads

SEEN = 1_748_692_800_000_000
PAGE = b"<html><head><title>Customs officers seize two tonnes of cocaine</title></head><body><article><h1>Customs officers seize two tonnes of cocaine</h1><p>Belgian customs officers have seized more than two tonnes of cocaine hidden in a shipment of bananas, the federal prosecutor said on Tuesday.</p></article></body></html>"


def capture(body, media_type="text/html"):
    return Capture(sha256(body).hexdigest(), "https://a.example/", media_type, SEEN, len(body))


def heavy():
    """A page that is allowed by its size and takes a parser far longer than the patience of this test."""
    lines = "".join(
        f"<p>Line {n} of a page that never ends, about port {n}, ship {n} and the officers who wait for it.</p>"
        for n in range(60_000)
    )
    return f"<html><body><article><h1>Endless</h1>{lines}</article></body></html>".encode()


def test_a_page_is_read_and_what_hangs_the_reader_is_cut_and_said():
    async def story():
        reader, hung = ReaderProcess(), ReaderProcess(patience_s=1.5)
        try:
            ((document, reading),) = await reader.read(capture(PAGE), PAGE)
            assert document.title == "Customs officers seize two tonnes of cocaine"
            assert [one.country for one in reading.places] == ["BE"]
            body = heavy()
            with pytest.raises(FormatError) as error:
                await hung.read(capture(body), body)
            assert error.value.code == "desk.unreadable"
            # Nobody else has to suffer: the next page is read, by another process.
            hung._child._patience_s = 60.0
            assert len(await hung.read(capture(PAGE), PAGE)) == 1
        finally:
            await reader.close()
            await hung.close()

    asyncio.run(story())


def test_the_code_of_what_is_no_document_comes_back():
    async def story():
        reader = ReaderProcess()
        body = b"\x00\x01\x02" * 100
        try:
            with pytest.raises(FormatError) as error:
                await reader.read(capture(body, "application/octet-stream"), body)
            assert error.value.code == "format.capture-type"
        finally:
            await reader.close()

    asyncio.run(story())


def test_a_listing_leads_on_within_its_own_host_the_newest_first():
    async def story():
        reader = ReaderProcess()
        body = (
            b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
            b"<url><loc>https://a.example/old</loc><lastmod>2026-01-01</lastmod></url>"
            b"<url><loc>https://a.example/new</loc><lastmod>2026-02-01</lastmod></url>"
            b"<url><loc>http://127.0.0.1/inner</loc><lastmod>2026-03-01</lastmod></url>"
            b"<url><loc>https://[bad/</loc><lastmod>2026-04-01</lastmod></url></urlset>"
        )
        bomb = b'<!DOCTYPE a [<!ENTITY b "x">]><urlset><url><loc>&b;</loc></url></urlset>'
        manifest = (
            b'{"5a1e8d3c-0000-4000-8000-000000000001": {"timestamp": "1"}, "../../etc/passwd": {"timestamp": "9"}}'
        )
        try:
            assert (await reader.leads(capture(body), body)).pages == (
                "https://a.example/new#2026-02-01",
                "https://a.example/old#2026-01-01",
            )
            assert (await reader.leads(capture(manifest), manifest)).pages == (
                "https://a.example/5a1e8d3c-0000-4000-8000-000000000001.json#1",
            )
            with pytest.raises(FormatError) as error:
                await reader.leads(capture(bomb), bomb)
            assert error.value.code == "format.capture"
        finally:
            await reader.close()

    asyncio.run(story())
