# The steps of ClientScriptsTest with Debian's python3-consul: a line of JSON for each.
import json
import sys

import consul

host, port = sys.argv[1].split(":")
client = consul.Consul(host=host, port=int(port))


def step(name, run):
    try:
        answer = run()
    except Exception as failed:
        answer = {"failed": type(failed).__name__ + ": " + str(failed)}
    if isinstance(answer, tuple):  # the first is an index
        answer = answer[1]
    print(json.dumps({"step": name, "answer": answer}, default=lambda raw: raw.decode()))
    return answer


step("status leader", client.status.leader)
step("agent self", lambda: client.agent.self()["Config"])
step("register", lambda: client.agent.service.register(
    "shop", service_id="shop-1", address="10.0.0.1", port=80, tags=["a", "b"],
    check=consul.Check.ttl("1h")))
step("agent services", client.agent.services)
step("agent checks", client.agent.checks)
step("check fail", lambda: client.agent.check.ttl_fail("service:shop-1", "down"))
step("check of nobody", lambda: client.agent.check.ttl_pass("nobody"))
step("maintenance", lambda: client.agent.service.maintenance("shop-1", "true", "why"))
step("agent checks in maintenance", client.agent.checks)
step("maintenance over", lambda: client.agent.service.maintenance("shop-1", "false"))
step("check pass", lambda: client.agent.check.ttl_pass("service:shop-1"))
step("kv set", lambda: client.kv.put("app/a", "one"))
step("kv set with flags", lambda: client.kv.put("app/b", "two", flags=7))
pair = step("kv get", lambda: client.kv.get("app/a"))
step("kv none", lambda: client.kv.get("app/none"))
step("kv cas", lambda: client.kv.put("app/a", "2", cas=pair["ModifyIndex"]))
step("kv cas too late", lambda: client.kv.put("app/a", "3", cas=pair["ModifyIndex"]))
step("kv keys", lambda: client.kv.get("app/", keys=True))
step("kv recurse", lambda: client.kv.get("app/", recurse=True))
session = step("session create", lambda: client.session.create(name="s", ttl=30, lock_delay=0))
step("lock", lambda: client.kv.put("app/lock", "me", acquire=session))
step("session info", lambda: client.session.info(session))
step("unlock", lambda: client.kv.put("app/lock", "", release=session))
step("session destroy", lambda: client.session.destroy(session))
step("kv delete", lambda: client.kv.delete("app/", recurse=True))
step("catalog register", lambda: client.catalog.register(
    "ext", "10.9.9.9", service={"Service": "far", "Port": 9}))
step("catalog deregister", lambda: client.catalog.deregister("ext"))
step("catalog services", client.catalog.services)
step("catalog service", lambda: client.catalog.service("shop"))
step("health service", lambda: client.health.service("shop", passing=True))
step("health state", lambda: client.health.state("critical"))
step("health checks", lambda: client.health.checks("shop"))
step("deregister", lambda: client.agent.service.deregister("shop-1"))
step("health of none", lambda: client.health.service("shop"))
