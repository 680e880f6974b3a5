/* What has changed while the centre runs, the latest first. */
import { href } from "./address.js";
import { byId, element, local, reconcile, time } from "./text.js";

const KEPT = 200;
let history = [];

/* The numbers of the entries may be those of another run of the centre. */
export function begin(entries) {
  history = entries.slice(0, KEPT);
  reconcile(byId("history"), [], null, null);
}

export function add(entries) {
  history = entries.concat(history).slice(0, KEPT);
  tell(entries);
}

export function paint() {
  byId("calm").hidden = history.length > 0;
  const index = new Map(history.map((entry) => [entry.number, entry]));
  reconcile(byId("history"), [...index.keys()], (number) => make(index.get(number)), () => {});
}

function kindOf(entry) {
  switch (entry.kind === "added" ? entry.detail : entry.kind) {
    case "passing": return "good";
    case "warning": return "doubt";
    case "critical": case "removed": return "bad";
    default: return "";
  }
}

function sentence(entry) {
  switch (entry.kind) {
    case "added": return "joined";
    case "removed": return "left";
    case "updated": return "changed";
    default: return "is " + entry.kind;
  }
}

function make(entry) {
  const node = element("li", kindOf(entry));
  const line = element("p");
  const where = href({ open: [entry.service], id: entry.id, node: entry.node });
  line.append(local("who", entry.service, where), " " + sentence(entry));
  const detail = element("p", "detail", entry.id + (entry.detail ? ": " + entry.detail : ""));
  node.append(line, detail, time(entry.at, (age) => age + " ago"));
  return node;
}

/* To those who listen instead of looking: at most a sentence every few seconds. */
const untold = [];
let telling = null;
function tell(entries) {
  untold.push(...entries);
  if (untold.length === 0 || telling) return;
  telling = setTimeout(() => {
    telling = null;
    const last = untold[0];
    const rest = untold.length - 1;
    byId("told").textContent = element("p", "", last.service + " " + last.id).textContent + " " + sentence(last)
      + (rest > 0 ? ", and " + rest + " more changes" : "");
    untold.length = 0;
  }, 2000);
}
