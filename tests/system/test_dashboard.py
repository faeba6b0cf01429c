"""The dashboard in a browser: live signals, filters in the URL, explain, pause and resume, themes, a cut
stream, markup, errors, tokens, accessibility, its size. `test_dashboard.py PICTURES` makes the pictures of the docs."""
import json
import os
import shutil
import subprocess
import sys

from support import Api, CuttingProxy, Node, ROOT, TOOLS, folder, free_port, need, wait_until

TOKEN = "a-token-for-the-dashboard"
CHAIN = ('[chains.mock]\nchain_id = 1337\nstart = 1\n[[chains.mock.providers]]\nkind = "mock"\nseed = 7\nrate = 150\n'
         'reorg_every = 40\n')

need(shutil.which("chromium") and (TOOLS / "playwright-core").exists(), "there are a browser and its driver: scripts/bootstrap")
pictures = sys.argv[1:]
with folder() as f:
    nodes = []

    def begin(name, more=""):
        port = free_port()
        config = f / f"{name}.toml"
        config.write_text(CHAIN + more)
        os.environ["EREMOS_TEST_TOKEN"] = TOKEN
        nodes.append(Node(f / name, "--config", config, "--listen", f"127.0.0.1:{port}"))
        wait_until(Api(port).lives, 20, f"the {name} node answers")
        return port

    port = begin("open")
    guarded = begin("guarded", '[[api.tokens]]\nname = "page"\nscope = "write"\ntoken = "${EREMOS_TEST_TOKEN}"\n')
    wait_until(lambda: len(Api(port).get("/api/v1/signals?limit=30")["items"]) == 30, 60, "it has found something")
    proxy = CuttingProxy(port)
    browser = subprocess.Popen(
        ["node", str(ROOT / "tests/system/dashboard.js"), f"http://127.0.0.1:{proxy.port}", f"http://127.0.0.1:{port}",
         f"http://127.0.0.1:{guarded}", TOKEN, *pictures],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "NODE_PATH": str(TOOLS)})
    try:
        for line in browser.stdout:
            if line.strip() == "CUT":
                proxy.cut()
                continue
            said = json.loads(line)
            if "figure" in said:
                print(f"figure: {said['figure']}")
            else:
                need(said["holds"], said["claim"])
        need(browser.wait(20) == 0, "the browser is done")
    finally:
        browser.kill()
        for node in nodes:
            node.kill()
