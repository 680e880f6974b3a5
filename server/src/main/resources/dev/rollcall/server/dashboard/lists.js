/* Sessions and events, as this centre has them. */
import { now } from "./address.js";
import { ask, me, send } from "./centre.js";
import { confirm } from "./dialogs.js";
import { button, byId, element, fact, reconcile, setText, visibleLines } from "./text.js";

const SHOWN = 500;

/* A list that is asked for at a path: each element has an id, and is written as rows of facts. */
function list({ path, id, ids, words, write, nothing }) {
  let all = [];
  return {
    async load() {
      all = await ask(path);
    },
    paint() {
      const q = now.q.trim().toLowerCase();
      const wanted = all.filter((each) => words(each).join("\n").toLowerCase().includes(q));
      const index = new Map(wanted.map((each) => [each.ID, each]));
      reconcile(byId(ids.list), [...index.keys()].slice(0, SHOWN), () => element("li", "row"), (item, key) => {
        const each = JSON.stringify(index.get(key));
        if (item.shown === each && item.rights === me) return;
        item.shown = each;
        item.rights = me;
        item.replaceChildren(...write(index.get(key)));
      });
      byId(ids.none).hidden = wanted.length > 0;
      setText(byId(ids.none), all.length > 0 ? "None matches." : nothing);
      setText(byId(id), String(wanted.length));
    },
  };
}

function facts(rows) {
  const shown = element("dl", "facts");
  for (const [name, value] of rows) if (value) shown.append(fact(name, value));
  return shown;
}

export const sessions = list({
  path: "/v1/session/list",
  id: "sessions-found",
  ids: { list: "session-list", none: "no-sessions" },
  words: (session) => [session.ID, session.Name, session.Node],
  nothing: "There are no sessions.",
  write(session) {
    const what = element("div", "what");
    const checks = [...(session.NodeChecks || []), ...(session.ServiceChecks || []).map((check) => check.ID)];
    what.append(element("h3", "name", session.Name || session.ID), element("div", "id", session.ID), facts([
      ["node", session.Node], ["at its end", session.Behavior], ["ttl", session.TTL],
      ["lock delay", session.LockDelay / 1e9 + " s"], ["checks", checks.join(", ")],
    ]));
    if (me.admin) {
      const actions = element("div", "actions");
      actions.append(button("quiet danger", "End…", () => confirm({
        title: "End the session " + (session.Name || session.ID) + "?",
        text: "What it holds is released, or deleted where it says so.",
        action: "End it",
        run: () => send("PUT", "/v1/session/destroy/" + encodeURIComponent(session.ID)),
      })));
      what.append(actions);
    }
    return [what];
  },
});

export const events = list({
  path: "/v1/event/list",
  id: "events-found",
  ids: { list: "event-list", none: "no-events" },
  words: (event) => [event.ID, event.Name],
  nothing: "No event has been fired.",
  write(event) {
    const what = element("div", "what");
    what.append(element("h3", "name", event.Name), element("div", "id", event.ID), facts([
      ["order", String(event.LTime)], ["node", event.NodeFilter], ["service", event.ServiceFilter], ["tag", event.TagFilter],
    ]));
    if (event.Payload) {
      const payload = element("pre", "output");
      payload.tabIndex = 0;
      payload.setAttribute("aria-label", "Payload of " + event.Name);
      const bytes = Uint8Array.from(atob(event.Payload), (c) => c.charCodeAt(0));
      payload.textContent = visibleLines(new TextDecoder().decode(bytes));
      what.append(payload);
    }
    return [what];
  },
});
