/*
 * The page. One stream of events says how each service does, and one painting a frame shows it; the
 * address says what is looked at. Each view is a module: it asks for what it shows, and paints it.
 */
import * as address from "./address.js";
import * as centre from "./centre.js";
import * as changes from "./changes.js";
import * as dialogs from "./dialogs.js";
import * as keys from "./keys.js";
import { events, sessions } from "./lists.js";
import * as nodes from "./nodes.js";
import * as page from "./page.js";
import * as services from "./services.js";
import { keepListening } from "./stream.js";
import { byId, refreshTimes, setCentresClock, setText, when } from "./text.js";

const REFRESH_MILLIS = 5000;
const VIEWS = {
  services: { load: services.reload, paint() {} }, /* painted always, since the totals are */
  nodes,
  keys,
  sessions,
  events,
};
const FIELDS = { q: "search", tag: "tag", node: "node", sort: "sort", health: "health" };

let painting = false;
let isListed = false;
let isLoaded = false;
let freshness = { state: "loading" };

const view = () => VIEWS[address.now.view] || VIEWS.services;

/* Painting. */
function paintSoon() {
  if (painting) return;
  painting = true;
  requestAnimationFrame(() => {
    painting = false;
    const focused = document.activeElement;
    services.paint();
    view().paint();
    changes.paint();
    if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
  });
}

/* Asks anew for what is looked at, and says why where the centre refuses. */
let isRefreshing = false;
let isToRefresh = false;
async function refresh() {
  if (isRefreshing) {
    isToRefresh = true;
    return;
  }
  isRefreshing = true;
  const asked = view();
  let fault = "";
  try {
    await asked.load();
  } catch (failed) {
    fault = failed instanceof centre.Refusal ? failed.message : "";
  }
  isRefreshing = false;
  if (isToRefresh || asked !== view()) {
    isToRefresh = false;
    refresh();
    return;
  }
  byId("fault").hidden = !fault;
  setText(byId("fault"), fault);
  paintSoon();
}

/* The address and the form say the same. */
function showAddress() {
  const name = VIEWS[address.now.view] ? address.now.view : "services";
  document.body.dataset.view = name;
  for (const each of Object.keys(VIEWS)) {
    byId("view-" + each).hidden = each !== name;
    const link = document.querySelector('.views a[data-view="' + each + '"]');
    if (each === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  for (const [field, id] of Object.entries(FIELDS)) {
    if (byId(id).value !== address.now[field] && byId(id) !== document.activeElement) byId(id).value = address.now[field];
  }
  byId("only").hidden = name !== "services" || !address.now.id;
  setText(byId("only-id"), "Only the id " + address.now.id);
  byId("all").href = address.changed({ id: "" });
}

let typing = null;
function takeForm() {
  clearTimeout(typing);
  const said = {};
  for (const [field, id] of Object.entries(FIELDS)) said[field] = byId(id).value;
  address.go(address.changed(said), false);
}

byId("filters").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(takeForm, 150);
});
byId("filters").addEventListener("submit", (event) => {
  event.preventDefault();
  takeForm();
});
byId("filters").addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.target.value === "" || event.target.tagName !== "INPUT") return;
  event.preventDefault();
  event.target.value = "";
  takeForm();
});

address.onChange((before) => {
  showAddress();
  services.moved(before);
  if (view() !== VIEWS.services) refresh();
  else byId("fault").hidden = true;
  if (address.now.view !== before.view) scrollTo(0, 0);
  paintSoon();
});

/* The stream. */
const NEWS = {
  state(data) {
    setCentresClock(data.now);
    services.clear();
    for (const service of data.services) services.put(service);
    isListed = !data.more;
    changes.begin(data.history);
    freshness = dated(data.freshness);
    allListed();
    askWho();
  },
  more(data) {
    for (const service of data.services) services.put(service);
    isListed = !data.more;
    allListed();
  },
  change(data) {
    for (const service of data.services) services.put(service);
    services.lookAgain(1000);
    changes.add(data.history);
  },
  freshness(data) {
    freshness = dated(data);
    if (isListed && data.state === "live") setLoaded(true);
  },
};

function take(event, data) {
  if (!NEWS[event]) return;
  NEWS[event](data);
  showFreshness();
  paintSoon();
}

/* An age is of the moment at which it is told. */
function dated(told) {
  told.since = Date.now() - (told.age || 0);
  return told;
}

function setLoaded(now) {
  isLoaded = now;
  services.setLoaded(now);
}

/* Of what the first state does not name nothing is left. */
function allListed() {
  if (!isListed) return;
  performance.mark("rollcall-listed");
  setLoaded(freshness.state !== "loading" || services.count() > 0);
  services.lookAgain(0);
  services.reload();
}

function showFreshness() {
  if (freshness.state === "stale") {
    page.show("stale", "Stale", "The centre has lost its store at " + when(freshness.since)
      + ": this is the last state that it knows. " + (freshness.cause || ""));
  } else if (freshness.state === "loading") {
    page.show("connecting", "Loading…", freshness.cause ? "The store does not answer yet. " + freshness.cause : "");
  } else {
    page.show("live", "Live", "");
  }
}

function lost(lastHeard) {
  page.show("lost", "Disconnected", isLoaded
    ? "The centre does not answer. What you see is from " + when(lastHeard) + "; trying again."
    : "The centre does not answer; trying again.");
}

/* Who asks, and the token. */
async function askWho() {
  try {
    await centre.askWho();
  } catch (failed) {
    return; /* The stream says what there is to say of it. */
  }
  setText(byId("who"), centre.me.name === "local" ? "" : centre.me.name);
  byId("sign").hidden = centre.me.name !== "anonymous" && !centre.hasToken();
  setText(byId("sign"), centre.hasToken() ? "Sign out" : "Sign in");
  paintSoon();
}

function refused(status) {
  const had = centre.hasToken();
  centre.useToken(null);
  page.show("lost", "Not signed in", "");
  let why = "This centre shows its services to those who may read them.";
  if (status === 403) why = "That token may not read. One with the role read is needed.";
  else if (had) why = "The centre does not know that token.";
  dialogs.askForToken(why, !had, () => location.reload());
}

byId("sign").addEventListener("click", () => {
  if (!centre.hasToken()) {
    dialogs.askForToken("With it you may do here what its roles say.", false);
    return;
  }
  centre.useToken(null);
  location.reload();
});
dialogs.onToken((token) => {
  centre.useToken(token);
  location.reload();
});

/* What is shown is asked for again after each change, and now and then while somebody looks. */
dialogs.onDone(refresh);
nodes.onMore(refresh);
keys.onWritten(refresh);
services.onNews(paintSoon);
setInterval(() => {
  refreshTimes();
  if (!document.hidden && isLoaded) refresh();
}, REFRESH_MILLIS);

setText(byId("example-1"), "curl -X PUT " + location.origin + "/v1/agent/service/register \\");
setText(byId("example-2"), "  -d '{\"Name\": \"hello\", \"Address\": \"127.0.0.1\", \"Port\": 8080}'");
showAddress();
services.moved({ ...address.now, open: [], q: null });
if (view() !== VIEWS.services) refresh();
paintSoon();
keepListening({ take, lost, refused });
