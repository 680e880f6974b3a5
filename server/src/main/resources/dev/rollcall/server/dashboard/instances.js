/* One instance: where it is, why it does as it does, and what may be done about it. */
import { changed, href } from "./address.js";
import { mayRegister, me, send } from "./centre.js";
import { confirm } from "./dialogs.js";
import {
  button, element, fact, flash, linkOrText, local, many, reconcile, setText, time, visibleLines, when,
} from "./text.js";

const OURS = "rollcall-";
const MAINTENANCE = "_service_maintenance:";

/* Instances are known by node and id. */
export function keyOf(instance) {
  return instance.node + "\n" + instance.id;
}

export function makeInstance(service) {
  const node = element("li", "instance");
  const what = element("div", "what");
  const tags = element("ul", "tags");
  tags.setAttribute("aria-label", "Tags");
  what.append(element("div", "address"), element("div", "id"), tags, element("dl", "facts"), makeChecks(),
    element("div", "actions"));
  node.append(element("span", "health"), what);
  node.service = service;
  return node;
}

export function updateInstance(node, instance) {
  const before = node.shown;
  if (before === instance && node.rights === me) return;
  node.shown = instance;
  node.rights = me;
  const health = node.firstChild;
  health.className = "health " + instance.health;
  setText(health, instance.health);
  const [address, id, tags, facts, checks, actions] = node.lastChild.children;
  address.replaceChildren(addressOf(instance));
  id.replaceChildren(element("span", "name-of", instance.id), element("span", "soft", " on "),
    local("", instance.node, href({ node: instance.node })));
  tags.replaceChildren(...instance.tags.map((tag) => {
    const item = element("li");
    item.append(local("", tag, changed({ tag, id: "" })));
    return item;
  }));
  facts.replaceChildren(...factsOf(instance));
  updateChecks(checks, instance, before);
  actions.replaceChildren(...actionsOn(node.service, instance));
  if (before && JSON.stringify(before) !== JSON.stringify(instance)) flash(node);
}

function addressOf(instance) {
  const host = instance.address.includes(":") ? "[" + instance.address + "]" : instance.address;
  const where = instance.port > 0 ? host + ":" + instance.port : host + ", no port";
  const scheme = instance.metadata[OURS + "scheme"] || "http";
  const isLink = instance.port > 0 && (scheme === "http" || scheme === "https");
  return isLink ? linkOrText(scheme + "://" + where) : element("span", "", scheme === "http" ? where : scheme + "://" + where);
}

function factsOf(instance) {
  const rows = [];
  if (instance.weight !== 1) rows.push(fact("weight", String(instance.weight)));
  for (const [name, other] of Object.entries(instance.addresses)) rows.push(fact(name, other));
  for (const [key, value] of Object.entries(instance.metadata)) {
    if (key !== OURS + "scheme") rows.push(fact(key.startsWith(OURS) ? key.slice(OURS.length) : key, value));
  }
  return rows;
}

/* Checks, the worst first; they are open from the start where something is wrong. */
export function makeChecks() {
  const details = element("details", "checks");
  details.append(element("summary"), element("ul"));
  return details;
}

export function updateChecks(details, checked, before) {
  const { checks, checksLeft } = checked;
  details.hidden = checks.length === 0;
  const counted = ["critical", "warning", "passing"]
    .map((status) => [status, checks.filter((check) => check.status === status).length])
    .filter(([, count]) => count > 0)
    .map(([status, count]) => count + " " + status);
  setText(details.firstChild, many(checks.length + checksLeft, "check") + ": " + counted.join(", ")
    + (checksLeft > 0 ? " of the worst " + checks.length : ""));
  if (checked.health !== "passing" && (!before || before.health === "passing")) details.open = true;
  const index = new Map(checks.map((check) => [check.id, check]));
  reconcile(details.lastChild, [...index.keys()], () => element("li", "check"),
    (item, id) => updateCheck(item, index.get(id)));
}

function updateCheck(item, check) {
  if (item.shown && JSON.stringify(item.shown) === JSON.stringify(check)) return;
  item.shown = check;
  const head = element("div", "check-head");
  head.append(element("span", "health " + check.status, check.status), element("b", "", check.name || check.id));
  const kinds = [check.type, check.ofNode ? "of the node" : ""].filter(Boolean).join(", ");
  if (kinds) head.append(element("span", "soft", kinds));
  const since = element("div", "since soft");
  since.append(time(check.since, (age) => check.status + " for " + age), ", since " + when(check.since));
  const output = element("pre", "output");
  output.tabIndex = 0;
  output.setAttribute("aria-label", "Output of " + check.id);
  output.textContent = visibleLines(check.output);
  item.replaceChildren(head, since, check.output ? output : element("p", "soft", "It says nothing more."));
  if (check.notes) item.append(element("p", "soft", "Notes: " + check.notes));
}

function actionsOn(service, instance) {
  const link = local("quiet", "Link", href({ open: [service], id: instance.id, node: instance.node }));
  link.setAttribute("aria-label", "Link to " + instance.id + " on " + instance.node);
  const actions = [link];
  if (instance.agent && mayRegister(service)) actions.push(maintenance(instance));
  if (instance.agent ? mayRegister(service) : me.admin) actions.push(deregistration(service, instance));
  return actions;
}

function maintenance(instance) {
  const isIn = instance.checks.some((check) => check.id.startsWith(MAINTENANCE));
  const path = "/v1/agent/service/maintenance/" + encodeURIComponent(instance.id) + "?enable=" + !isIn;
  return button("quiet", isIn ? "End maintenance…" : "Begin maintenance…", () => confirm({
    title: (isIn ? "End the maintenance of " : "Begin the maintenance of ") + instance.id + "?",
    text: isIn ? "It is as healthy then as its other checks say." : "It is critical then, and no client is sent there.",
    action: isIn ? "End it" : "Begin it",
    reason: !isIn,
    run: (reason) => send("PUT", path + (reason ? "&reason=" + encodeURIComponent(reason) : "")),
  }));
}

function deregistration(service, instance) {
  return button("quiet danger", "Deregister…", () => confirm({
    title: "Deregister " + instance.id + "?",
    text: "It is taken out of " + service + ", for every client. It comes back when it registers again.",
    action: "Deregister",
    run: () => instance.agent
      ? send("PUT", "/v1/agent/service/deregister/" + encodeURIComponent(instance.id))
      : send("PUT", "/v1/catalog/deregister", JSON.stringify({ Node: instance.node, ServiceID: instance.id })),
  }));
}
