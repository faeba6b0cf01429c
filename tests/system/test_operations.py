"""What docs/operations says to Prometheus and Grafana is about metrics that are there; Prometheus' own
checker, where it is installed, takes the page and the rules."""
import json
import re
import shutil
import subprocess
import urllib.parse
import urllib.request

from support import ROOT, Api, Node, folder, free_port, need, stored, wait_until

OPERATIONS = ROOT / "docs" / "operations"
NAME = r"\b(?:eremos|process)_[a-z0-9_]+"



def scraped(f, node_port):
    """Prometheus itself, with the configuration of docs/operations but for the node's port and a shorter interval."""
    config = (OPERATIONS / "prometheus.yml").read_text()
    need("127.0.0.1:8900" in config and "scrape_interval: 5s" in config, "the configuration names the node's own port")
    config = config.replace("127.0.0.1:8900", f"127.0.0.1:{node_port}").replace("scrape_interval: 5s", "scrape_interval: 1s")
    (f / "prometheus.yml").write_text("global: {evaluation_interval: 1s}\n" + config)
    shutil.copy(OPERATIONS / "alerts.yml", f / "alerts.yml")
    port = free_port()
    with open(f / "prometheus.log", "w") as log:
        prometheus = subprocess.Popen(["prometheus", f"--config.file={f / 'prometheus.yml'}", f"--storage.tsdb.path={f / 'tsdb'}",
                                       f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)

    def ask(path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/{path}", timeout=10) as answer:
                return json.load(answer)["data"]
        except OSError:
            return None  # it is not there yet

    def has_data(expression):
        answer = ask("query?" + urllib.parse.urlencode({"query": expression}))
        return answer is not None and len(answer["result"]) > 0

    def rules():
        return [rule for group in (ask("rules") or {"groups": []})["groups"] for rule in group["rules"]]

    try:
        wait_until(lambda: has_data('up{job="eremos"} == 1'), 60, "Prometheus scrapes the node")
        shown = [t["expr"] for p in json.loads((OPERATIONS / "grafana.json").read_text())["panels"] for t in p["targets"]]
        for expression in shown:
            wait_until(lambda: has_data(expression), 30, f"{expression} returns data")
        need(len(shown) > 20, f"each of the dashboard's {len(shown)} expressions returns data")
        wait_until(lambda: rules() and all(rule["health"] == "ok" for rule in rules()), 30, "Prometheus judges each alert rule")
        for rule in rules():  # without the comparison that makes it an alarm
            without = re.sub(r"\s*(==|>)\s*[0-9.e+]+$", "", rule["query"])
            need(has_data(without), f"{rule['name']} looks at what is there: {without}")
        firing = [rule["name"] for rule in rules() if rule["state"] == "firing"]
        need(firing == [], f"no alarm of a node that is well {firing}")
    finally:
        prometheus.terminate()
        prometheus.wait()

CONFIG = """
[chains.mock]
chain_id = 1337
start = 1
[[chains.mock.providers]]
kind = "mock"
seed = 23
rate = 400
[alerts.sinks.lines]
kind = "file"
path = "PATH"
[[alerts.route]]
name = "all"
sinks = ["lines"]
"""

with folder() as f:
    port = free_port()
    (f / "eremos.toml").write_text(CONFIG.replace("PATH", str(f / "alerts.jsonl")))
    node = Node(f / "data", "--config", str(f / "eremos.toml"), "--listen", f"127.0.0.1:{port}")
    wait_until(Api(port).lives, 20, "the API answers")
    wait_until(lambda: stored(f / "data", "select 1 from outbox where state = 'delivered'"), 30, "something is delivered")
    status, headers, body = Api(port).ask("GET", "/metrics")
    page = body.decode()
    need(status == 200 and headers["content-type"].startswith("text/plain; version=0.0.4"), "/metrics is Prometheus' text")
    there = set(re.findall(r"^([a-z0-9_]+)[{ ]", page, re.M))
    used = set()
    for target in [t["expr"] for p in json.loads((OPERATIONS / "grafana.json").read_text())["panels"] for t in p["targets"]]:
        used |= set(re.findall(NAME, target))
    for line in (OPERATIONS / "alerts.yml").read_text().splitlines():
        if "expr:" in line:
            used |= set(re.findall(NAME, line))
    need(len(used) > 20 and used <= there, f"the {len(used)} metrics of dashboard and rules are there: {used - there}")
    families = set(re.findall(r"^# TYPE ([a-z0-9_]+)", page, re.M))
    helps = set(re.findall(r"^# HELP ([a-z0-9_]+)", page, re.M))
    need(families == helps and len(families) > 60, f"{len(families)} metrics, each with a sentence")
    need(not re.search(r"0x[0-9a-f]{16}", page), "no address and no hash is a label")
    histograms = re.findall(r"^# TYPE ([a-z_]+) histogram$", page, re.M)
    need(len(histograms) == 6, f"each stage has its histogram: {histograms}")
    for name in histograms:
        series = {}
        for labels, value in re.findall(rf'^{name}_bucket\{{(.*?),?le="[^"]+"\}} (\S+)$', page, re.M):
            series.setdefault(labels, []).append(float(value))
        need(series and all(counts == sorted(counts) for counts in series.values()), f"{name} grows with its bounds")
        need(any(counts[-1] > 0 for counts in series.values()), f"{name} has counted")

    def total(name):
        return sum(float(v) for v in re.findall(rf"^{name}(?:\{{.*\}})? (\S+)$", page, re.M))
    need(total("eremos_receive_to_decoded_seconds_count") == total("eremos_chain_blocks_total"), "each block is timed once")
    need(0 < total("eremos_block_settled_seconds_count") <= total("eremos_stream_blocks_total"), "each settled block is timed once")
    need(total("eremos_lane_wait_seconds_count") == total("eremos_receive_to_handled_seconds_count"), "each event is timed twice")
    need(0 < total("eremos_outbox_delivery_seconds_count") == total("eremos_outbox_delivered_total"), "each delivery is timed once")
    if shutil.which("promtool") and shutil.which("prometheus"):
        for command, text in (["promtool", "check", "metrics"], page), (["promtool", "check", "rules", str(OPERATIONS / "alerts.yml")], ""), \
                             (["promtool", "check", "config", str(OPERATIONS / "prometheus.yml")], ""):
            done = subprocess.run(command, input=text, capture_output=True, text=True)
            need(done.returncode == 0, f"{' '.join(command[:3])} finds nothing wrong {done.stdout} {done.stderr}")
        scraped(f, port)
    else:
        print("prometheus is not installed: its own checks are left out")
    need(node.stop() == 0, "the node drains and exits 0")
