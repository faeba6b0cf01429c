"""The dashboard in a browser: live signals, filters in the URL, explain, pause and resume, deliveries with dead letters
and silences, what was before it was opened, themes, a cut stream, markup, errors, tokens, accessibility, its size.
`test_dashboard.py pictures FOLDER` makes the pictures of the docs, `look FOLDER` one of every view at both widths and in
both themes; `open MINUTES` leaves it open at 1,000 events/s and says what it keeps."""
import json
import os
import shutil
import subprocess
import sys

from alert_receiver import Receiver
from support import Api, CuttingProxy, Node, ROOT, TOOLS, folder, free_port, need, wait_until

TOKEN = "a-token-for-the-dashboard"
mode = sys.argv[1:]
RATE = 1000 if mode[:1] == ["open"] else 150
CHAIN = ('[chains.mock]\nchain_id = 1337\nstart = 1\n[[chains.mock.providers]]\nkind = "mock"\nseed = 7\n'
         f'rate = {RATE}\nreorg_every = 40\n')
ALERTS = """[alerts.sinks.journal]
kind = "file"
path = "JOURNAL"
[alerts.sinks.pager]
kind = "exec"
command = ["/bin/true"]
[alerts.sinks.ops]
kind = "webhook"
url = "${HOOK}"
secrets = ["${HOOK_SECRET}"]
allow_private = true
[[alerts.route]]
name = "by-file"
sinks = ["journal"]
[[alerts.route]]
name = "severe"
type = ["launch_detected", "admin_change"]
min_severity = "high"
suppress_for = "10m"
sinks = ["pager", "journal"]
[[alerts.route]]
name = "calls"
min_severity = "medium"
sinks = ["ops"]
"""
receiver = Receiver(lambda alert, attempt: "gone" if attempt == 1 and alert[-1] in "02468ace" else "ok")
os.environ.update(receiver.environment())

need(shutil.which("chromium") and (TOOLS / "playwright-core").exists(), "there are a browser and its driver: scripts/bootstrap")
with folder() as f:
    nodes = []

    def begin(name, more=""):
        port = free_port()
        config = f / f"{name}.toml"
        config.write_text(CHAIN + more)
        os.environ["EREMOS_TEST_TOKEN"] = TOKEN
        nodes.append(Node(f / name, "--config", config, "--listen", f"127.0.0.1:{port}"))
        wait_until(Api(port).lives, 60, f"the {name} node answers")
        return port

    browser = None
    try:
        port = begin("open", ALERTS.replace("JOURNAL", str(f / "alerts.jsonl")))
        guarded = port if mode else begin(
            "guarded", '[[api.tokens]]\nname = "page"\nscope = "write"\ntoken = "${EREMOS_TEST_TOKEN}"\n')
        wait_until(lambda: len(Api(port).get("/api/v1/signals?limit=30")["items"]) == 30, 60, "it has found something")
        proxy = CuttingProxy(port)
        browser = subprocess.Popen(
            ["node", str(ROOT / "tests/system/dashboard.js"), f"http://127.0.0.1:{proxy.port}", f"http://127.0.0.1:{port}",
             f"http://127.0.0.1:{guarded}", TOKEN, *mode],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "NODE_PATH": str(TOOLS)})
        for line in browser.stdout:
            if line.strip() == "CUT":
                proxy.cut()
                continue
            said = json.loads(line)
            if "figure" in said:
                print(f"figure: {said['figure']}", flush=True)
            else:
                need(said["holds"], said["claim"])
        need(browser.wait(20) == 0, "the browser is done")
    finally:
        if browser:
            browser.kill()
        for node in nodes:
            node.kill()
