/* The nodes: how each does, why, and what is on it. */
import { href, now } from "./address.js";
import { ask, me, send } from "./centre.js";
import { confirm } from "./dialogs.js";
import { makeChecks, updateChecks } from "./instances.js";
import { button, byId, element, fact, local, reconcile, setText } from "./text.js";
import { writeCounts } from "./services.js";

const PAGE = 100;
let want = PAGE;
let page = null;

export async function load() {
  const asked = new URLSearchParams({ count: want });
  for (const name of ["q", "health", "node", "sort"]) {
    if (now[name]) asked.set(name, now[name]);
  }
  page = await ask("/dashboard/nodes?" + asked);
}

export function paint() {
  if (!page) return;
  const index = new Map(page.nodes.map((node) => [node.name, node]));
  reconcile(byId("node-list"), [...index.keys()], makeNode, (item, name) => updateNode(item, index.get(name)));
  const left = page.matching - page.nodes.length;
  byId("more-nodes").hidden = left <= 0;
  setText(byId("more-nodes"), "Show more: " + left + " nodes left");
  byId("no-nodes").hidden = page.nodes.length > 0;
  setText(byId("nodes-found"), String(page.matching));
}

export function onMore(loadSoon) {
  byId("more-nodes").addEventListener("click", () => {
    want += PAGE;
    loadSoon();
  });
}

function makeNode(name) {
  const item = element("li", "row");
  const what = element("div", "what");
  const heading = element("h3");
  heading.append(local("name", name, href({ node: name })));
  what.append(heading, element("div", "id"), element("div", "counts"), element("dl", "facts"), makeChecks(),
    element("div", "actions"));
  item.append(element("span", "health"), what);
  return item;
}

function updateNode(item, node) {
  const before = item.shown;
  item.shown = node;
  item.firstChild.className = "health " + node.health;
  setText(item.firstChild, node.health);
  const [, address, counts, facts, checks, actions] = item.lastChild.children;
  setText(address, node.address);
  writeCounts(counts, node);
  facts.replaceChildren(...Object.entries(node.metadata).map(([key, value]) => fact(key, value)));
  updateChecks(checks, node, before);
  if (!before || item.rights !== me || JSON.stringify(before) !== JSON.stringify(node)) {
    item.rights = me;
    actions.replaceChildren(...(me.admin ? [node.name === me.node ? maintenance(node) : deregistration(node)] : []));
  }
}

function maintenance(node) {
  const isIn = node.checks.some((check) => check.id === "_node_maintenance");
  const path = "/v1/agent/maintenance?enable=" + !isIn;
  return button("quiet", isIn ? "End maintenance…" : "Begin maintenance…", () => confirm({
    title: (isIn ? "End the maintenance of the node " : "Begin the maintenance of the node ") + node.name + "?",
    text: isIn ? "Its instances are as healthy then as their other checks say." : "All instances on it are critical then.",
    action: isIn ? "End it" : "Begin it",
    reason: !isIn,
    run: (reason) => send("PUT", path + (reason ? "&reason=" + encodeURIComponent(reason) : "")),
  }));
}

function deregistration(node) {
  return button("quiet danger", "Deregister…", () => confirm({
    title: "Deregister the node " + node.name + "?",
    text: "The node goes, with all that is on it, for every client.",
    action: "Deregister",
    run: () => send("PUT", "/v1/catalog/deregister", JSON.stringify({ Node: node.name })),
  }));
}
