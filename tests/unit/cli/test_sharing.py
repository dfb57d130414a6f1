"""`tocsin share`: what it tells and how it ends, for every way a share can go."""

import io
import json

import pytest

from tocsin.cli import control, sharing
from tocsin.cli.commands import Everywhere, Hands
from tocsin.cli.sharing import Wish

ME, NEAR, FAR = "br-cert", "eg-cert", "fr-cert"
AUDIENCE = [ME, NEAR, FAR]


def decided(accepted, refused=0):
    return {
        "event": "decided",
        "accepted": accepted,
        "refused": refused,
        "already_shared": 0,
        "markings": {"TLP:GREEN": accepted},
        "audience": AUDIENCE,
    }


def committed(objects, end):
    return {"event": "committed", "objects": objects, "position": 9, "log": 1, "start": 0, "end": end, "sent_at": 1}


def done(shared, refused=0, code=None, status=0):
    told = {"event": "done", "shared": shared, "refused": refused, "already_shared": 0, "audience": AUDIENCE}
    return {**told, "batches": [], "code": code, "what": None, "exit_status": status}


def refusal(ordinal, code="policy.unmarked"):
    return {"event": "refused", "ordinal": ordinal, "id": f"x--{ordinal}", "code": code, "what": "no marking"}


class Node:
    """Answers as a running node would."""

    def __init__(self, events, receipts=None, links=None):
        self.events = events
        self.receipts = receipts or [{NEAR: 2, FAR: 2}]
        self.links = links or {NEAR: "up", FAR: "up"}
        self.received = b""
        self.pieces = []
        self.query = {}

    def __call__(self, _home):
        return self

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        return None

    async def rows(self, _method, _path, query, body):
        self.query = {name: value for name, value in query.items() if value is not None}
        async for piece in body:
            self.pieces.append(len(piece))
        for event in self.events:
            yield event

    async def get(self, path):
        if path == "/status":
            return {"handle": ME, "links": [{"peer": peer, "state": state} for peer, state in self.links.items()]}
        assert path == "/channels/plenary"
        held = self.receipts.pop(0) if len(self.receipts) > 1 else self.receipts[0]
        return {"logs": [{"origin": ME, "size": 2, "receipts": held}, {"origin": NEAR, "size": 0}]}


@pytest.fixture
def share(monkeypatch, tmp_path, capsys):
    """Share a small file with a node; returns exit status, the JSON result and stderr."""
    (tmp_path / "tocsin.toml").write_text("")
    (tmp_path / "file").write_bytes(bytes(200_000))

    def played(node, *, json_=True, **wish):
        monkeypatch.setattr(control, "Control", node)
        chosen = {"file": str(tmp_path / "file"), "to": "plenary", **wish}
        status = sharing.share(Hands(Everywhere(tmp_path, json_)), Wish(**chosen))
        out, err = capsys.readouterr()
        return status, json.loads(out) if json_ else out, err

    return played


def test_what_was_shared_with_whom(share):
    node = Node([decided(2), committed(1, 1), committed(2, 2), done(2)])
    status, told, err = share(node, tlp="green")
    assert (status, told["shared"], told["audience"], told["queued_for"]) == (0, 2, AUDIENCE, [])
    assert told["markings"] == {"TLP:GREEN": 2}
    assert node.query == {"channel": "plenary", "tlp": "green"}
    assert err == ""


def test_a_person_reads_the_same(share):
    status, out, _ = share(Node([decided(2), committed(2, 2), done(2)]), json_=False)
    assert status == 0
    assert "2 objects shared in plenary" in out
    assert "readable by 3: br-cert eg-cert fr-cert" in out


def test_the_file_goes_out_in_small_pieces(share):
    node = Node([decided(2), done(2)])
    share(node, no_wait=True)
    assert sum(node.pieces) == 200_000
    assert max(node.pieces) <= sharing.CHUNK


def test_standard_input_is_a_file_too(share, monkeypatch):
    class Stdin:
        buffer = io.BytesIO(b"12345")

    monkeypatch.setattr("sys.stdin", Stdin())
    node = Node([decided(2), done(2)])
    assert share(node, file="-", no_wait=True)[0] == 0
    assert node.pieces == [5]


def test_a_file_that_is_not_there(share):
    with pytest.raises(Exception, match=r"config\.file"):
        share(Node([]), file="/nowhere/at/all")


@pytest.mark.parametrize(("code", "status"), [("policy.unmarked", 4), ("format.stix", 1)])
def test_a_refusal_is_told_and_gives_its_exit_code(share, code, status):
    node = Node([refusal(1, code), refusal(2, code), decided(0, 2), done(0, 2, code, status)])
    got, told, err = share(node)
    assert (got, told["code"], told["exit_status"], told["shared"]) == (status, code, status, 0)
    assert [one["ordinal"] for one in told["refusals"]] == [1, 2]
    assert "nothing was shared" in err
    assert "why:" in err


def test_with_partial_the_rest_is_shared_and_that_is_a_success(share):
    node = Node([refusal(1), decided(2, 1), committed(2, 2), done(2, 1, "policy.unmarked", 0)])
    status, told, err = share(node, partial=True)
    assert (status, told["shared"], told["refused"]) == (0, 2, 1)
    assert node.query["partial"] == 1
    assert "error:" not in err


def test_refusals_are_listed_up_to_a_bound_and_counted_beyond(share):
    events = [refusal(n) for n in range(1, 1501)]
    status, told, err = share(Node([*events, decided(0, 1500), done(0, 1500, "policy.unmarked", 4)]))
    assert (status, len(told["refusals"]), told["refused"]) == (4, 1000, 1500)
    assert len(err.splitlines()) < 30


def test_a_dry_run_shares_nothing_and_asks_for_no_receipts(share):
    node = Node([decided(2), done(0)], receipts=[{}], links={NEAR: "down"})
    status, told, _ = share(node, dry_run=True)
    assert (status, told["dry_run"], told["accepted"], told["shared"]) == (0, True, 2, 0)
    assert node.query["dry_run"] == 1


def test_an_unreachable_member_makes_it_queued(share):
    node = Node([decided(2), committed(2, 2), done(2)], receipts=[{NEAR: 2, FAR: 0}], links={NEAR: "up", FAR: "down"})
    status, told, err = share(node)
    assert (status, told["queued_for"], told["exit_status"]) == (6, [FAR], 6)
    assert "error:" not in err


def test_a_member_that_has_signed_is_not_late_whatever_its_link(share):
    node = Node([decided(2), committed(2, 2), done(2)], links={NEAR: "up", FAR: "down"})
    assert share(node)[0] == 0


def test_a_receipt_on_its_way_is_not_waited_for_unless_asked(share):
    node = Node([decided(2), committed(2, 2), done(2)], receipts=[{NEAR: 2, FAR: 1}])
    assert share(node)[0] == 0


def test_no_wait_does_not_look(share):
    node = Node([decided(2), committed(2, 2), done(2)], receipts=[{}], links={})
    assert share(node, no_wait=True)[0] == 0


@pytest.mark.slow
def test_wait_waits_for_every_receipt(share):
    node = Node([decided(2), committed(2, 2), done(2)], receipts=[{NEAR: 1}, {NEAR: 2}, {NEAR: 2, FAR: 2}])
    assert share(node, wait=30.0)[1]["queued_for"] == []
    assert len(node.receipts) == 1


def test_wait_ends_when_the_time_is_over(share):
    node = Node([decided(2), committed(2, 2), done(2)], receipts=[{NEAR: 2, FAR: 1}])
    status, told, _ = share(node, wait=0.0)
    assert (status, told["queued_for"]) == (6, [FAR])


def test_a_node_that_ends_meanwhile_is_no_success(share):
    status, told, _ = share(Node([decided(2), committed(1, 1)]))
    assert (status, told["code"]) == (1, "config.node-stopped")
