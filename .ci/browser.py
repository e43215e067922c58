"""What .ci/browser does: a campaign with an opt-out link goes to the simulator, and the link in its message is opened in
Chromium, over the WebDriver protocol, with JavaScript off."""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

PATIENCE = 60
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
# The browser is to ask nobody else for anything.
OPTIONS = {
    "binary": "/usr/bin/chromium",
    "args": [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
        "--disable-background-networking", "--disable-component-update",
    ],
    "prefs": {"profile.managed_default_content_settings.javascript": 2},
}


def ask(method, url, body=None, headers=None):
    """The JSON of an answer."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **(headers or {})}
    request = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.loads(answer.read() or "null")


def until(found):
    """What is found before the time is over."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        what = found()
        if what:
            return what
        time.sleep(0.05)
    raise SystemExit("nothing came of it in time")


class Service:
    """A service on SQLite that sends to its own simulator."""

    def __init__(self, program, folder):
        config = os.path.join(folder, "clarion.toml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(
                "[server]\nlisten = '127.0.0.1:0'\n[database]\nurl = 'sqlite://clarion.db'\n"
                "[auth]\nbootstrap_key = 'key-of-the-browser-test'\n"
            )
        self.log = open(os.path.join(folder, "log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [os.path.abspath(program), "serve", "--config", config],
            cwd=folder, stdout=subprocess.PIPE, stderr=self.log, text=True,
        )
        for line in self.process.stdout:
            if "API        " in line:
                self.url = line.split()[1].removesuffix("/api")
            if line.startswith("Ready"):
                return
        self.log.seek(0)
        raise SystemExit(self.log.read())

    def api(self, method, path, body=None):
        key = {"Authorization": "Bearer key-of-the-browser-test"}
        return ask(method, f"{self.url}/api/{path}", body, key)

    def opt_outs(self):
        return [one["phoneNumber"] for one in self.api("GET", "OptOuts")["items"]]


class Browser:
    """Chromium, driven by ChromeDriver."""

    def __init__(self):
        self.process = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        for line in self.process.stdout:
            if "started successfully on port" in line:
                self.url = f"http://127.0.0.1:{line.split()[-1].rstrip('.')}"
                break
        wanted = {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": OPTIONS}}
        session = ask("POST", f"{self.url}/session", {"capabilities": wanted})["value"]
        self.url += f"/session/{session['sessionId']}"

    def open(self, address):
        ask("POST", f"{self.url}/url", {"url": address})

    def text(self):
        """What a person reads on the page; nothing while it gives way to the next."""
        try:
            return ask("GET", f"{self.url}/element/{self.find('body')}/text")["value"]
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            return ""

    def press(self):
        """Presses the only button."""
        ask("POST", f"{self.url}/element/{self.find('button')}/click", {})

    def find(self, selector):
        found = ask("POST", f"{self.url}/element", {"using": "css selector", "value": selector})
        return found["value"][ELEMENT]

    def close(self):
        ask("DELETE", self.url)
        self.process.terminate()


def walk(service, browser):
    link = service.api("POST", "OptOutLinks", {"name": "Offers", "logoText": "Acme", "colour": "#0a7a5c"})
    campaign = {
        "sender": "ACME", "message": "Sale!", "optOutLinkId": link,
        "contacts": [{"phoneNumber": "+447700900123"}],
    }
    service.api("POST", "Campaigns", campaign)
    sent = until(lambda: service.api("GET", "SMSMessages?filters=status!=1001")["items"])
    # The address of the service was not known when the link was made: its port is whatever was free.
    begin, code = sent[0]["message"].rsplit("/", 1)
    assert begin.startswith("Sale! http://") and begin.endswith("/o"), sent
    address = f"{service.url}/o/{code}"

    browser.open("data:text/html,<p>no scripts</p><script>document.body.textContent='scripts'</script>")
    assert browser.text() == "no scripts", "the browser runs scripts"

    browser.open(address)
    page = browser.text()
    assert "Acme" in page and "+44•••••••123" in page and "Stop messages" in page, page
    assert service.opt_outs() == [], "opening the page has opted out"
    browser.press()
    page = until(lambda: "You are opted out" in browser.text() and browser.text())
    assert "Undo" in page, page
    assert service.opt_outs() == ["+447700900123"]
    browser.press()
    until(lambda: "Stop messages" in browser.text())
    assert service.opt_outs() == []


def main():
    with tempfile.TemporaryDirectory() as folder:
        service = Service(sys.argv[1], folder)
        try:
            browser = Browser()
            try:
                walk(service, browser)
            finally:
                browser.close()
        finally:
            service.process.terminate()
            service.process.wait()
    print("an opt-out link was opened, pressed and undone in Chromium without scripts")


if __name__ == "__main__":
    main()
