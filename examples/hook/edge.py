#!/usr/bin/env python3
"""A hook that splits traffic, as docs/step-plugins.md describes. It keeps the state of each pool as a file in the folder
EDGE_STATE. A real one sets it in a load balancer: replace apply() and in_effect()."""
import fcntl
import json
import os
import sys


def apply(state):
    pass


def in_effect(state):
    return True


def main():
    call = json.load(sys.stdin)
    folder = os.environ["EDGE_STATE"]
    path = os.path.join(folder, os.path.basename(call["config"]["pool"]) + ".json")
    part = "weight" if "weight" in call else "headerRoutes"
    with open(path + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        state = json.load(open(path)) if os.path.exists(path) else {}
        # An older call may arrive late: it must not undo a newer one.
        key = [call["rollout"]["uid"], call["serial"]]
        last = state.get(part + "Serial", key)
        if last[0] == key[0] and last[1] > key[1]:
            return {"error": "a call with a higher serial number came before"}
        state[part] = call[part]
        state[part + "Serial"] = key
        apply(state)
        with open(path + ".new", "w") as new:
            json.dump(state, new)
        os.replace(path + ".new", path)
    if not in_effect(state):
        return {"verified": False, "message": "not all nodes have it yet", "requeueAfter": "5s"}
    return {"verified": True}


json.dump(main(), sys.stdout)
