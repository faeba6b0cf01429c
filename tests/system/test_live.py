"""The live stream: whoever comes back with a cursor gets exactly what the store has since, also after
kill -9, retractions included; slow, rude and many clients hurt nobody."""
import json
import socket
import time

from support import Api, LiveClient, Node, folder, free_port, need, need_quietly, stored, wait_until

ALL = "topic=signals&topic=memory&topic=messages"


def feed(data, after, until):
    """What the store says a client must get between two places of the feed."""
    return [(topic, json.loads(text)) for topic, text in
            stored(data, f"select topic, json from feed where seq > {after} and seq <= {until} order by seq")]


def place(item):
    return int(item["cursor"].split(".")[0])


def listen(port, target, enough):
    """Items until `enough` of them say so, and the client that got them."""
    client = LiveClient(port, target)
    need_quietly(client.status == 101, f"{target} is a WebSocket, not {client.status}")
    items = []
    while not enough(items):
        got = client.items()
        need_quietly(client.closed is None, f"{target} stays open: {client.closed}")
        items += got
    return items, client


with folder() as f:
    data, port = f / "data", free_port()
    config = f / "mock.toml"
    config.write_text('[chains.mock]\nchain_id = 1337\nstart = 1\n[[chains.mock.providers]]\nkind = "mock"\nseed = 7\n'
                      'rate = 400\nreorg_every = 8\n')
    def begin():
        out = Node(data, "--config", config, "--listen", f"127.0.0.1:{port}")
        wait_until(Api(port).lives, 20, "the API answers")
        return out
    node = begin()

    # --- from a cursor on, everything, once, in order
    items, client = listen(port, f"/api/v1/stream?{ALL}&cursor=0.0", lambda got: len(got) >= 60)
    client.leave()
    items = [i for i in items if i["topic"] != "gap"]  # events of before the node are kept nowhere
    need([(i["topic"], i["item"]) for i in items] == feed(data, 0, place(items[-1])),
         f"the first {len(items)} items are those of the store, in its order")
    last = items[-1]["cursor"]
    begun = place(items[-1])
    wait_until(lambda: stored(data, "select max(seq) from feed")[0][0] > begun + 40, 30, "more happens meanwhile")
    items, client = listen(port, f"/api/v1/stream?{ALL}&cursor={last}", lambda got: len(got) >= 60)
    client.leave()
    need([(i["topic"], i["item"]) for i in items] == feed(data, begun, place(items[-1])),
         f"{len(items)} items after a pause continue where the client was")

    # --- also over kill -9, with retractions
    last = items[-1]["cursor"]
    begun = place(items[-1])
    for _ in range(3):
        watching = LiveClient(port, f"/api/v1/stream?{ALL}&cursor={last}")
        got = watching.items()
        node.kill()
        need_quietly([(i["topic"], i["item"]) for i in got] == feed(data, begun, place(got[-1])), "items before the kill")
        last, begun = got[-1]["cursor"], place(got[-1])
        node = begin()
    retracted = "select seq from feed where status = 'retracted' order by seq desc limit 1"
    wait_until(lambda: stored(data, retracted) and stored(data, retracted)[0][0] > begun, 60, "something is retracted")
    goal = stored(data, retracted)[0][0]
    items, client = listen(port, f"/api/v1/stream?{ALL}&cursor={last}", lambda got: got and place(got[-1]) >= goal)
    client.leave()
    need([(i["topic"], i["item"]) for i in items] == feed(data, begun, place(items[-1])),
         f"{len(items)} items after three kills are those of the store")
    need(any(i["item"]["status"] == "retracted" for i in items), "with what was retracted")

    # --- filters
    items, client = listen(port, "/api/v1/stream?topic=signals&status=active&min_confidence=0.5&cursor=0.0",
                           lambda got: len(got) >= 10)
    client.leave()
    items = [i for i in items if i["topic"] != "gap"]
    need(all(i["item"]["status"] == "active" and i["item"]["confidence"] >= 0.5 for i in items), "filters filter")
    items, client = listen(port, "/api/v1/stream?topic=events&type=transaction", lambda got: len(got) >= 200)
    client.leave()
    numbers = [int(i["cursor"].split(".")[1]) for i in items]
    need({i["item"]["type"] for i in items} == {"transaction"} and numbers == sorted(set(numbers)),
         "events come live, each once, in order")
    items, client = listen(port, f"/api/v1/stream?topic=events&type=transaction&cursor={items[99]['cursor']}",
                           lambda got: len(got) >= 100)
    client.leave()
    need([int(i["cursor"].split(".")[1]) for i in items[:100]] == numbers[100:200], "and again from a cursor")
    items, client = listen(port, "/api/v1/stream?topic=stats", lambda got: len(got) >= 2)
    client.leave()
    need(items[0]["item"]["streams"][0]["events_total"] <= items[1]["item"]["streams"][0]["events_total"], "so do statistics")

    # --- frames are at least 20 ms apart
    client = LiveClient(port, "/api/v1/stream?topic=events")
    client.items()
    begun, frames = time.monotonic(), 0
    while time.monotonic() < begun + 2:
        client.items()
        frames += 1
    client.leave()
    need(frames <= 2 / 0.02 + 2, f"{frames} frames in 2 s are at most one in 20 ms")

    # --- server-sent events
    with socket.create_connection(("127.0.0.1", port), timeout=20) as s:
        s.sendall(f"GET /api/v1/stream?{ALL} HTTP/1.1\r\nHost: 127.0.0.1\r\nLast-Event-ID: {last}\r\n\r\n".encode())
        text = b""
        while text.count(b"\n\n") < 2:
            text += s.recv(65536)
    head, body = text.split(b"\r\n\r\n", 1)
    need(b"200 OK" in head and b"text/event-stream" in head, "curl gets server-sent events")
    event = body.split(b"\n\n")[0].decode().split("\n")
    items = json.loads(event[1].removeprefix("data: "))
    need(event[0] == f"id: {items[-1]['cursor']}", "whose id is the last cursor")
    need((items[0]["topic"], items[0]["item"]) == feed(data, int(last.split(".")[0]), place(items[0]))[0],
         "and Last-Event-ID continues")

    # --- who is refused
    for target, status in ((f"/api/v1/stream?{ALL}&cursor=x", 400), ("/api/v1/stream?topic=everything", 400),
                           ("/api/v1/signals", 200)):
        client = LiveClient(port, target)
        need(client.status == status, f"{target} is answered {status}")
        client.leave()
    client = LiveClient(port, "/api/v1/stream", "Origin: http://evil.example\r\n")
    need(client.status == 403, "a page of elsewhere is refused")
    client.leave()
    for first, payload, code, claim in ((0x81, b"hello", 1003, "a message"), (0x89, b"", None, "a ping"),
                                        (0xC1, b"x", 1002, "reserved bits"), (0x88, b"\x03\xe8", 1000, "a close")):
        client = LiveClient(port, "/api/v1/stream?type=none")
        client.send(first, payload)
        if code is None:
            need(client.frame()[0] == 10, f"{claim} is answered by a pong")
        else:
            client.items()
            need(client.closed == code, f"{claim} is answered by close {code}")
        client.leave()
    for raw, claim in ((b"\x81\x05hello", "a frame without a mask"), (b"\x81\xff" + b"\x7f" + b"\xff" * 7, "a frame of 2^63 bytes")):
        client = LiveClient(port, "/api/v1/stream?type=none")
        client.socket.sendall(raw)
        client.items()
        need(client.closed in (1002, 1003), f"{claim} is refused with {client.closed}")
        client.leave()

    need(Api(port).lives() and node.stop() == 0, "the node drains and exits 0")

# --- one that does not read is told so, and holds up nobody
with folder() as f:
    port = free_port()
    node = Node(f / "data", "--mock", "--rate", "max", "--listen", f"127.0.0.1:{port}")
    wait_until(Api(port).lives, 20, "a node as fast as it can")
    slow = LiveClient(port, "/api/v1/stream?topic=events")
    others = [LiveClient(port, "/api/v1/stream?topic=events") for _ in range(20)]
    for o in others:
        need_quietly(len(o.items()) > 0, "others are served")
    need(True, "20 others are served beside one that does not read")
    for o in others:
        o.leave()
    def slow_ones():
        text = Api(port).ask("GET", "/metrics")[2].decode()
        return float(text.split("\neremos_live_slow_clients_total ")[1].split("\n")[0])
    wait_until(lambda: slow_ones() >= 1, 20, "the one is noticed")
    while slow.closed is None:
        slow.items()
    need(slow.closed == 1013, "and told: 1013, try again later")
    slow.leave()
    need(Api(port).lives() and node.stop() == 0, "the node drains and exits 0")
