"""Three real nodes: two compute one row, each from its own logs; a statement is verified, a false one is found."""

import asyncio
import json

import pytest
from tests.e2e.commands import PATIENCE_S, tocsin

from tocsin.cli.demo.acts import lines
from tocsin.cli.demo.nodes import Federation, command
from tocsin.formats import note, statement
from tocsin.formats.keys import Role, key_name

FAILED, REFUSED, DIFFERS = 1, 4, 5

pytestmark = pytest.mark.slow


async def people(home, *words):
    """The same for people."""
    process = await asyncio.create_subprocess_exec(
        *command(home, *map(str, words)), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


def stix(kind, number, **more):
    at = "2026-01-01T00:00:00.000Z"
    id_ = f"{kind}--00000000-0000-4000-8000-{number:012x}"
    return {"type": kind, "spec_version": "2.1", "id": id_, "created": at, "modified": at, **more}


def indicator(number, address):
    pattern = f"[ipv4-addr:value = '203.0.113.{address}']"
    more = {"pattern": pattern, "pattern_type": "stix", "valid_from": "2026-01-01T00:00:00Z"}
    return stix("indicator", number, indicator_types=["anomalous-activity"], **more)


async def share(node, *objects):
    async def body():
        for piece in lines([json.dumps(one).encode() for one in objects]):
            if piece:
                yield piece

    async for event in node.control.rows("POST", "/share", {"channel": "plenary", "tlp": "green"}, body()):
        done = event
    assert done["shared"] == len(objects), done


async def until(ask, holds):
    told = None
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not holds(told := await ask()):
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"still {told}") from None
    return told


async def calm(nodes, objects):
    """Everybody holds everything, and everybody knows."""
    for node in nodes:
        await until(
            lambda one=node: one.control.get("/status"),
            lambda told: told["totals"]["received"] + told["totals"]["shared"] == objects,
        )
        await until(
            lambda one=node: one.control.get("/fairness"),
            lambda told: not any(pair["not_receipted"] for pair in told["pairs"]),
        )


def pair(told, member):
    return next(one for one in told["pairs"] if one["member"] == member)


def swapped(row):
    ways = lambda one: {**one, "gave": one["got"], "got": one["gave"]}
    return {"channels": [ways(one) for one in row["channels"]], "total": ways(row["total"])}


def lie(home, path):
    """The statement once more, with one figure changed, signed by the same member."""
    made = statement.parse(path.read_bytes())
    made.body["row"]["total"]["gave"]["sighted"] += 1
    changed = statement.compose(statement.FAIRNESS, made.body)
    name = key_name(made.body["by"], Role.LOG)
    signature = note.sign(changed.note.text, name, home.keyring().signing(Role.LOG))
    return statement.encode(changed._replace(note=note.add(changed.note, signature)))


async def story(folder):
    async with Federation(folder, 3) as federation:
        await federation.init()
        await federation.found()
        await federation.start()
        br, eg, fr = federation.nodes
        await share(eg, *(indicator(n, n) for n in range(10)))
        await calm(federation.nodes, 10)
        seen = [stix("sighting", n, sighting_of_ref=indicator(n, n)["id"]) for n in range(4)]
        wrong = stix("opinion", 9, opinion="strongly-disagree", object_refs=[indicator(5, 5)["id"]])
        await share(fr, *seen, wrong)
        await share(br, indicator(100, 7))
        await calm(federation.nodes, 16)
        await figures(eg, fr, br)
        await statements(folder, eg, fr, br)
        await refusals(folder, eg)
        await used_and_taken_back(eg, fr)


async def figures(eg, fr, br):
    _, here = await tocsin(eg.home, "fairness", "show")
    _, there = await tocsin(fr.home, "fairness", "show", "--member", "eg-cert")
    mine, theirs = pair(here, "fr-cert"), pair(there, "eg-cert")
    assert {key: mine[key] for key in ("channels", "total")} == swapped(theirs)
    assert mine["frontier"] == theirs["frontier"]
    gave = mine["total"]["gave"]
    wanted = {"given": 10, "claims": 10, "sighted": 4, "judged": 5, "false": 1, "first": 5, "confirmed": 5, "unique": 4}
    assert {key: gave[key] for key in wanted} == wanted
    assert (gave["correctness"], gave["relevance"], gave["utility"], gave["uniqueness"]) == (0.8, 0.4, 0.0, 1.0)
    # What fr has sighted is nothing to the row of eg and br.
    assert pair(here, "br-cert")["total"]["gave"]["sighted"] == 0
    assert here["own"]["channels"][0]["received"] == {"br-cert": 10, "fr-cert": 10}
    _, none = await tocsin(eg.home, "fairness", "show", "--since", "2099-01-01", "--channel", "plenary")
    assert none["own"]["total"]["given"] == 0
    spreads = [await tocsin(one.home, "fairness", "plenary") for one in (eg, fr, br)]
    plain = [{key: one for key, one in told.items() if key != "as_of"} for _, told in spreads]
    assert plain[0] == plain[1] == plain[2]
    assert (plain[0]["members"], plain[0]["claims"]["alarm"], plain[0]["claims"]["largest_share"]) == (3, True, 0.9091)
    status, shown, _ = await people(eg.home, "fairness", "plenary")
    assert status == 0
    assert "ALARM" in shown
    assert "cert" not in shown
    status, shown, _ = await people(eg.home, "fairness", "show", "--member", "fr-cert")
    assert status == 0
    assert "80.0 %" in shown


async def statements(folder, eg, fr, br):
    file = folder / "eg-fr.note"
    status, told = await tocsin(eg.home, "fairness", "statement", "--member", "fr-cert", "--out", file)
    assert (status, told["by"], told["to"]) == (0, "eg-cert", "fr-cert")
    for node in (fr, eg):
        status, told = await tocsin(node.home, "fairness", "verify", file)
        assert (status, told["verdict"], told["differences"]) == (0, "equal", [])
    status, told = await tocsin(br.home, "fairness", "verify", file)
    assert (status, told["code"]) == (REFUSED, "policy.fairness-party")
    false = folder / "false.note"
    false.write_bytes(lie(eg.home, file))
    status, told = await tocsin(fr.home, "fairness", "verify", false)
    assert (status, told["verdict"]) == (DIFFERS, "differs")
    assert told["differences"] == [{"figure": "total.gave.sighted", "stated": 5, "computed": 4}]
    status, shown, _ = await people(fr.home, "fairness", "verify", false)
    assert status == DIFFERS
    assert "total.gave.sighted: stated 5, computed 4" in shown
    false.write_bytes(file.read_bytes().replace(b'"sighted":4', b'"sighted":5'))
    status, told = await tocsin(fr.home, "fairness", "verify", false)
    assert (status, told["code"]) == (DIFFERS, "verify.fairness")


async def used_and_taken_back(eg, fr):
    """By the commands that people have: feedback, a warning with its answer, a recall."""
    one, other = indicator(1, 1)["id"], indicator(2, 2)["id"]
    assert (await tocsin(fr.home, "feedback", one, "--used"))[0] == 0
    assert (await tocsin(fr.home, "feedback", other, "--false-positive"))[0] == 0
    say = ("Gateways are taken over", "--to", "plenary", "--tlp", "green", "--topic", "cyber", "--urgency", "flash")
    status, raised = await tocsin(eg.home, "warn", *say, "--what", "gateways", "--do", "Take them off.")
    assert status == 0
    await until(lambda: fr.control.get("/warnings"), lambda told: told["warnings"])
    assert (await tocsin(fr.home, "ack", raised["id"], "--answer", "acting"))[0] == 0
    assert (await tocsin(eg.home, "recall", indicator(5, 5)["id"], "--reason", "an error of ours"))[0] == 0
    wanted = {"used": 2, "false": 1, "judged": 5, "warnings": 1, "answered": 1, "withdrawn": 1}

    async def rows():
        here, there = [
            pair(await node.control.get("/fairness", member=other), other)
            for node, other in ((eg, "fr-cert"), (fr, "eg-cert"))
        ]
        same = {key: here[key] for key in ("channels", "total")} == swapped(there)
        gave = here["total"]["gave"]
        return same, gave, {key: gave[key] for key in wanted}

    same, gave, _ = await until(rows, lambda told: told[0] and told[2] == wanted)
    assert same
    assert gave["answer_ms"] is not None


async def refusals(folder, eg):
    for words, status, code in (
        (("show", "--member", "xx-cert"), REFUSED, "policy.unknown-member"),
        (("show", "--member", "eg-cert"), FAILED, "config.value"),
        (("show", "--since", "yesterday"), FAILED, "config.value"),
        (("show", "--channel", "nowhere"), REFUSED, "policy.no-such-channel"),
        (("statement", "--member", "xx-cert", "--out", folder / "x.note"), REFUSED, "policy.unknown-member"),
        (("statement", "--member", "fr-cert", "--out", folder / "eg-fr.note"), FAILED, "config.exists"),
        (("verify", folder / "charter.note"), FAILED, "format.statement"),
        (("verify", folder / "none.note"), FAILED, "config.file"),
    ):
        found = await tocsin(eg.home, "fairness", *words)
        assert (found[0], found[1].get("code")) == (status, code), words


def test_two_members_compute_one_row_and_a_false_statement_is_found(tmp_path):
    asyncio.run(story(tmp_path))
