"""Two sidecars (`leasehold serve`) for one Lease, whose settings are in the environment: one leads, and is killed.

The arguments are how `leasehold` is called. Also looks at the Lease by `leasehold check` and `leasehold status`.
"""

import atexit
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

LEASEHOLD = sys.argv[1:]
LEASE = os.environ["LEASEHOLD_LEASE"]
LIMIT = 120


class Sidecar:
    """One that answers, at `address`."""

    def __init__(self):
        serve = [*LEASEHOLD, "serve", "--http", "127.0.0.1:0"]
        self.process = subprocess.Popen(serve, stderr=subprocess.PIPE, text=True)
        atexit.register(self.process.kill)
        for line in self.process.stderr:
            print(line, end="", file=sys.stderr)
            _, found, address = line.partition("listening on ")
            if found:
                self.address = "http://" + address.strip()
                return
        raise SystemExit(f"it did not say where it listens, and ended with {self.process.wait()}")


def answer(address):
    try:
        with urllib.request.urlopen(address + "/isLeader") as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        assert error.code == 409, error
        return json.load(error)


def leader(address):
    """What it answers when it leads."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        told = answer(address)
        if told["isLeader"]:
            return told
        time.sleep(0.1)
    raise SystemExit(f"{address} does not lead")


def look(*words):
    looked = subprocess.run([*LEASEHOLD, *words, "--json", LEASE], stdout=subprocess.PIPE, text=True, timeout=LIMIT)
    return json.loads(looked.stdout), looked.returncode


checked, code = look("check")
assert checked["ready"] and code == 0, checked
first = Sidecar()
token = leader(first.address)["fencingToken"]
second = Sidecar()
assert not answer(second.address)["isLeader"]
first.process.kill()
last = leader(second.address)
assert last["fencingToken"] > token, (token, last)
state, code = look("status")
assert (state["state"], state["holder"], code) == ("held", last["identity"], 0), state
print("guarded; one of two sidecars was killed, and the other leads")
