/*
 * What is looked at, as the address of the page says it: so that it can be kept, sent, and gone back
 * to. Nothing secret is ever in it.
 */
const USUAL = { view: "services", q: "", health: "", tag: "", node: "", id: "", sort: "", key: "", edit: "" };
const listeners = [];

function read() {
  const given = new URLSearchParams(location.search);
  const state = { ...USUAL, open: given.getAll("open") };
  for (const name of Object.keys(USUAL)) state[name] = given.get(name) || USUAL[name];
  return state;
}

export let now = read();

/* Returns a link to a state that is the usual one but for what is given. */
export function href(state) {
  const written = new URLSearchParams();
  for (const [name, usual] of Object.entries(USUAL)) {
    if (state[name] !== undefined && state[name] !== usual) written.set(name, state[name]);
  }
  for (const name of state.open || []) written.append("open", name);
  const text = written.toString();
  return text ? "?" + text : "/";
}

/* Returns a link to the present state with some of it changed. */
export function changed(changes) {
  return href({ ...now, ...changes });
}

/* Goes to a link of this page; without a step where the way back is to skip it. */
export function go(link, step = true) {
  if (step) history.pushState(null, "", link);
  else history.replaceState(null, "", link);
  take();
}

export function onChange(listener) {
  listeners.push(listener);
}

function take() {
  const before = now;
  now = read();
  for (const listener of listeners) listener(before);
}

addEventListener("popstate", take);
document.addEventListener("click", (event) => {
  const anchor = event.target.closest("a[href]");
  const isPlain = !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  if (!anchor || !isPlain || event.defaultPrevented) return;
  const link = anchor.getAttribute("href");
  if (link === "/" || link.startsWith("?")) {
    event.preventDefault();
    go(link);
  }
});
