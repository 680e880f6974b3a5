/*
 * The services: how each does is told by the stream, the instances of a service are asked for while
 * it is open, and words, tags and nodes are looked for by the centre; so that the page is there at
 * once, however many instances there are.
 */
import * as address from "./address.js";
import { ask } from "./centre.js";
import { keyOf, makeInstance, updateInstance } from "./instances.js";
import { button, byId, element, flash, many, reconcile, setText } from "./text.js";

const HEALTHS = ["passing", "warning", "critical"];
const PAGE = 100;
const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare;

const services = new Map(); /* name: { passing, warning, critical, size } */
const opened = new Map(); /* name: { want, instances, matching, loading, again } */
const touched = new Set();
let sorted = null; /* the names of the services, until one comes or goes */
let found = null; /* name: counts of what matches, while something is looked for */
let searching = null;
let shown = PAGE;
let isLoaded = false;
let repaint = () => {};

export function onNews(paintSoon) {
  repaint = paintSoon;
}

export const count = () => services.size;

export function setLoaded(now) {
  isLoaded = now;
}

export function clear() {
  services.clear();
  sorted = null;
}

export function put([name, passing, warning, critical]) {
  const size = passing + warning + critical;
  if (!services.has(name) || size === 0) sorted = null;
  if (size === 0) services.delete(name);
  else services.set(name, { passing, warning, critical, size });
  if (opened.has(name)) load(name);
  if (isLoaded) touched.add(name);
}

/* Everything is known, or something has changed: what is looked for may be found elsewhere. */
export function lookAgain(wait) {
  if (isLooking() && (!searching || wait === 0)) {
    clearTimeout(searching);
    searching = setTimeout(lookUp, wait);
  }
}

function isLooking() {
  const { q, tag, node, id } = address.now;
  return q.trim() !== "" || tag !== "" || node !== "" || id !== "";
}

function narrowing() {
  const { q, health, tag, node, id, sort } = address.now;
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries({ q: q.trim(), health, tag, node, id, sort })) {
    if (value) asked.set(name, value);
  }
  return asked.toString();
}

async function lookUp() {
  searching = null;
  const asked = narrowing();
  try {
    const answer = await ask("/dashboard/search?" + asked);
    if (asked !== narrowing()) return;
    found = new Map(answer.services.map(([name, ...counts]) => [name, counts[0] + counts[1] + counts[2]]));
  } catch (failed) {
    return; /* The stream says when the centre is gone, and it is looked for again when it is back. */
  }
  repaint();
}

/* The address says something else now. */
export function moved(before) {
  const { q, health, tag, node, id, sort, open } = address.now;
  const isNarrowed = [q !== before.q, health !== before.health, tag !== before.tag, node !== before.node,
    id !== before.id, sort !== before.sort].some(Boolean);
  if (isNarrowed) shown = PAGE;
  if (isNarrowed && !isLooking()) found = null;
  if (isNarrowed) lookAgain(0);
  for (const name of [...opened.keys()]) {
    if (!open.includes(name)) opened.delete(name);
  }
  for (const name of open) {
    if (!opened.has(name)) opened.set(name, { want: PAGE, instances: [], matching: 0, loading: false, again: false });
    else if (!isNarrowed) continue;
    load(name);
  }
}

export function reload() {
  for (const name of opened.keys()) load(name);
}

/* Brings the instances of an open service, a few times a second at most. */
async function load(name) {
  const wanted = opened.get(name);
  if (!wanted) return;
  if (wanted.loading) {
    wanted.again = true;
    return;
  }
  wanted.loading = true;
  try {
    const page = await ask("/dashboard/instances?service=" + encodeURIComponent(name) + "&count=" + wanted.want
      + "&" + narrowing());
    const before = new Map(wanted.instances.map((instance) => [keyOf(instance), instance]));
    wanted.instances = page.instances.map((instance) => {
      const last = before.get(keyOf(instance));
      return last && JSON.stringify(last) === JSON.stringify(instance) ? last : instance;
    });
    wanted.matching = page.matching;
  } catch (failed) {
    /* As above. */
  }
  repaint();
  setTimeout(() => {
    wanted.loading = false;
    if (wanted.again) {
      wanted.again = false;
      load(name);
    }
  }, 300);
}

function matchingOf(name) {
  if (isLooking()) return found ? found.get(name) || 0 : services.get(name).size;
  const counts = services.get(name);
  switch (address.now.health) {
    case "": return counts.size;
    case "failing": return counts.size - counts.passing;
    default: return counts[address.now.health] || 0;
  }
}

function badness(name) {
  const { warning, critical } = services.get(name);
  return critical > 0 ? 2 : warning > 0 ? 1 : 0;
}

export function paint() {
  const isNarrowed = isLooking() || address.now.health !== "";
  sorted = sorted || [...services.keys()].sort(order);
  let names = isNarrowed ? sorted.filter((name) => matchingOf(name) > 0) : sorted;
  if (address.now.sort === "health") {
    names = [...names].sort((one, other) => badness(other) - badness(one)
      || services.get(other).critical - services.get(one).critical);
  }
  reconcile(byId("list"), names.slice(0, shown), makeService, updateService);
  touched.clear();

  byId("more").hidden = names.length <= shown;
  setText(byId("more"), "Show more: " + (names.length - shown) + " services left");
  byId("loading").hidden = isLoaded;
  byId("empty").hidden = !isLoaded || services.size > 0;
  byId("none").hidden = !isLoaded || services.size === 0 || names.length > 0;
  if (!byId("none").hidden) setText(byId("none"), nothing());
  setText(byId("found"), isNarrowed && isLoaded ? names.length + " of " + services.size : "");
  paintSums();
}

function nothing() {
  const { q, health, tag, node, id } = address.now;
  if (!isLooking()) return health === "failing" ? "All is well: no instance is failing." : "No instance is " + health + ".";
  const parts = [];
  if (q.trim()) parts.push("matches “" + q.trim() + "”");
  if (tag) parts.push("has the tag “" + tag + "”");
  if (node) parts.push("is on the node “" + node + "”");
  if (id) parts.push("has the id “" + id + "”");
  if (health) parts.push("is " + health);
  return "No instance " + parts.join(" and ") + ".";
}

function paintSums() {
  const sums = { services: services.size, instances: 0, passing: 0, warning: 0, critical: 0 };
  for (const counts of services.values()) {
    sums.instances += counts.size;
    for (const health of HEALTHS) sums[health] += counts[health];
  }
  for (const [name, sum] of Object.entries(sums)) {
    const node = byId("sum-" + name);
    setText(node, isLoaded ? sum.toLocaleString("en") : "–");
    node.parentElement.classList.toggle("some", sum > 0);
  }
  document.title = sums.critical > 0 ? "(" + sums.critical + ") Rollcall" : "Rollcall";
}

byId("more").addEventListener("click", () => {
  shown += PAGE;
  repaint();
});

function toggled(name) {
  const { open } = address.now;
  return open.includes(name) ? open.filter((other) => other !== name) : [...open, name];
}

function makeService(name) {
  const node = element("li", "service");
  const heading = element("h3");
  const toggle = button("toggle", undefined, () => address.go(address.changed({ open: toggled(name) }), false));
  toggle.append(element("span", "arrow"), element("span", "name", name), element("span", "counts"), meter());
  toggle.firstChild.setAttribute("aria-hidden", "true");
  heading.append(toggle);
  const body = element("div", "instances");
  body.append(element("ul"), button("more", undefined, () => {
    opened.get(name).want += PAGE;
    load(name);
  }));
  node.append(heading, body);
  return node;
}

function meter() {
  const bar = element("span", "meter");
  bar.setAttribute("aria-hidden", "true");
  for (const health of HEALTHS) bar.append(element("i", health));
  return bar;
}

export function writeCounts(label, sums) {
  const size = sums.passing + sums.warning + sums.critical;
  const text = many(size, "instance");
  const key = [text, sums.warning, sums.critical].join();
  if (label.dataset.text === key) return;
  label.dataset.text = key;
  label.replaceChildren(document.createTextNode(text));
  for (const health of ["warning", "critical"]) {
    if (sums[health] > 0) label.append(" · ", element("b", health, sums[health] + " " + health));
  }
}

function updateService(node, name) {
  const sums = services.get(name);
  const toggle = node.querySelector(".toggle");
  const wanted = opened.get(name);
  toggle.setAttribute("aria-expanded", String(Boolean(wanted)));
  writeCounts(toggle.querySelector(".counts"), sums);
  for (const part of toggle.querySelector(".meter").children) {
    part.style.flexGrow = sums[part.className];
    part.hidden = sums[part.className] === 0;
  }
  if (touched.has(name)) flash(toggle);

  const body = node.lastChild;
  body.hidden = !wanted;
  if (!wanted) {
    reconcile(body.firstChild, [], null, null);
    return;
  }
  const index = new Map(wanted.instances.map((instance) => [keyOf(instance), instance]));
  reconcile(body.firstChild, [...index.keys()], () => makeInstance(name),
    (item, key) => updateInstance(item, index.get(key)));
  const left = wanted.matching - wanted.instances.length;
  body.lastChild.hidden = left <= 0;
  setText(body.lastChild, "Show more: " + left + " instances left");
}
