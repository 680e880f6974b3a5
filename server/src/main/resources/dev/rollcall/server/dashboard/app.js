"use strict";

/*
 * One stream of events says how each service does, and one painting a frame shows it. The instances
 * of a service are asked for while it is open, and words are looked for by the centre, so that the
 * page is there at once, however many instances there are. Whatever comes from the registry was
 * written by strangers: it enters the page as text alone, and becomes a link only when it is an http
 * or https URL.
 */
(() => {
  const HEALTHS = ["passing", "warning", "critical"];
  const PAGE = 100;
  const SILENT_MILLIS = 35000;
  const HISTORY = 200;
  const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare;

  const byId = (id) => document.getElementById(id);
  const services = new Map(); /* name: { passing, warning, critical, size } */
  const open = new Map(); /* name: { want, instances, matching, loading, again } */
  const touched = new Set();
  let history = [];
  let sorted = null; /* the names of the services, until one comes or goes */
  let found = null; /* name: how many match, while words are looked for */
  let searching = null;
  let listed = false;
  let loaded = false;
  let shown = PAGE;
  let painting = false;
  let clockSkew = 0;
  let freshness = { state: "loading" };
  let lastHeard = 0;
  let stop = null;
  let failures = 0;

  const tokenKey = "rollcall-token";
  const themeKey = "rollcall-theme";

  /* Elements, by text only. */
  function element(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function setText(node, text) {
    if (node.textContent !== text) node.textContent = text;
  }

  /* Makes a parent's children those of the keys, in order, keeping the ones that stay. */
  function reconcile(parent, keys, make, update) {
    const there = parent.parts || (parent.parts = new Map());
    const wanted = new Set(keys);
    for (const [key, node] of there) {
      if (!wanted.has(key)) {
        node.remove();
        there.delete(key);
      }
    }
    let before = parent.firstChild;
    for (const key of keys) {
      let node = there.get(key);
      if (!node) {
        node = make(key);
        there.set(key, node);
      }
      update(node, key);
      if (node === before) before = node.nextSibling;
      else parent.insertBefore(node, before);
    }
  }

  function query() {
    const text = byId("search").value.trim();
    return {
      text: text,
      looking: text !== "",
      failing: document.querySelector("input[name=health]:checked").value === "failing",
    };
  }

  function narrowing(asked) {
    return "&q=" + encodeURIComponent(asked.text) + (asked.failing ? "&failing" : "");
  }

  function matchingOf(name, asked) {
    const counts = services.get(name);
    if (asked.looking && found) return found.get(name) || 0;
    return asked.failing ? counts.size - counts.passing : counts.size;
  }

  /* Asking. */
  function headers(accept) {
    const sent = { Accept: accept };
    const token = sessionStorage.getItem(tokenKey);
    if (token) sent.Authorization = "Bearer " + token;
    return sent;
  }

  async function ask(path) {
    const response = await fetch(path, { headers: headers("application/json"), cache: "no-store" });
    if (!response.ok) throw new Error("status " + response.status);
    return response.json();
  }

  /* Brings the instances of an open service, a few times a second at most. */
  async function load(name) {
    const wanted = open.get(name);
    if (!wanted) return;
    if (wanted.loading) {
      wanted.again = true;
      return;
    }
    wanted.loading = true;
    try {
      const page = await ask("/dashboard/instances?service=" + encodeURIComponent(name)
        + "&count=" + wanted.want + narrowing(query()));
      const before = new Map(wanted.instances.map((instance) => [instance.id, instance]));
      wanted.instances = page.instances.map((instance) => {
        const last = before.get(instance.id);
        return last && JSON.stringify(last) === JSON.stringify(instance) ? last : instance;
      });
      wanted.matching = page.matching;
    } catch (failed) {
      /* The stream says when the centre is gone, and all is asked for anew when it is back. */
    }
    paintSoon();
    setTimeout(() => {
      wanted.loading = false;
      if (wanted.again) {
        wanted.again = false;
        load(name);
      }
    }, 300);
  }

  function search(wait) {
    clearTimeout(searching);
    searching = setTimeout(lookUp, wait);
  }

  async function lookUp() {
    searching = null;
    const asked = query();
    if (asked.looking) {
      try {
        const answer = await ask("/dashboard/search?" + narrowing(asked).slice(1));
        const now = query();
        if (now.text !== asked.text || now.failing !== asked.failing) return;
        found = new Map(Object.entries(answer.services));
      } catch (failed) {
        return;
      }
    } else {
      found = null;
    }
    for (const name of open.keys()) load(name);
    paintSoon();
  }

  /* Painting. */
  function paintSoon() {
    if (!painting) {
      painting = true;
      requestAnimationFrame(() => {
        painting = false;
        paint();
      });
    }
  }

  function paint() {
    const asked = query();
    const narrowed = asked.looking || asked.failing;
    sorted = sorted || [...services.keys()].sort(order);
    const names = narrowed ? sorted.filter((name) => matchingOf(name, asked) > 0) : sorted;
    reconcile(byId("list"), names.slice(0, shown), makeService, updateService);
    touched.clear();

    byId("more").hidden = names.length <= shown;
    setText(byId("more"), "Show more: " + (names.length - shown) + " services left");
    byId("loading").hidden = loaded;
    byId("empty").hidden = !loaded || services.size > 0;
    byId("none").hidden = !loaded || services.size === 0 || names.length > 0;
    if (!byId("none").hidden) {
      setText(byId("none"), asked.looking
        ? "No instance matches “" + byId("search").value.trim() + "”" + (asked.failing ? " and fails." : ".")
        : "All is well: no instance is failing.");
    }
    setText(byId("found"), narrowed && loaded ? names.length + " of " + services.size : "");
    paintSums();
    paintHistory();
  }

  function paintSums() {
    const sums = { services: services.size, instances: 0, passing: 0, warning: 0, critical: 0 };
    for (const counts of services.values()) {
      sums.instances += counts.size;
      for (const health of HEALTHS) sums[health] += counts[health];
    }
    for (const [name, sum] of Object.entries(sums)) {
      const node = byId("sum-" + name);
      setText(node, loaded ? sum.toLocaleString("en") : "–");
      node.parentElement.classList.toggle("some", sum > 0);
    }
    document.title = sums.critical > 0 ? "(" + sums.critical + ") Rollcall" : "Rollcall";
  }

  function makeService(name) {
    const node = element("li", "service");
    const heading = element("h3");
    const toggle = element("button", "toggle");
    toggle.type = "button";
    toggle.append(element("span", "arrow"), element("span", "name", name), element("span", "counts"), meter());
    toggle.firstChild.setAttribute("aria-hidden", "true");
    heading.append(toggle);
    const body = element("div", "instances");
    body.append(element("ul"), element("button", "more"));
    body.lastChild.type = "button";
    body.lastChild.addEventListener("click", () => {
      open.get(name).want += PAGE;
      load(name);
    });
    toggle.addEventListener("click", () => {
      if (open.has(name)) open.delete(name);
      else {
        open.set(name, { want: PAGE, instances: [], matching: 0, loading: false, again: false });
        load(name);
      }
      paintSoon();
    });
    node.append(heading, body);
    return node;
  }

  function meter() {
    const bar = element("span", "meter");
    bar.setAttribute("aria-hidden", "true");
    for (const health of HEALTHS) bar.append(element("i", health));
    return bar;
  }

  function updateService(node, name) {
    const sums = services.get(name);
    const toggle = node.querySelector(".toggle");
    const isOpen = open.has(name);
    toggle.setAttribute("aria-expanded", String(isOpen));
    const label = toggle.querySelector(".counts");
    const text = sums.size + (sums.size === 1 ? " instance" : " instances");
    const parts = [text];
    if (sums.warning > 0) parts.push(sums.warning + " warning");
    if (sums.critical > 0) parts.push(sums.critical + " critical");
    if (label.dataset.text !== parts.join()) {
      label.dataset.text = parts.join();
      label.replaceChildren(document.createTextNode(text));
      for (const health of ["warning", "critical"]) {
        if (sums[health] > 0) {
          label.append(" · ", element("b", health, sums[health] + " " + health));
        }
      }
    }
    for (const part of toggle.querySelector(".meter").children) {
      part.style.flexGrow = sums[part.className];
      part.hidden = sums[part.className] === 0;
    }
    if (touched.has(name)) flash(toggle);

    const body = node.lastChild;
    body.hidden = !isOpen;
    if (!isOpen) {
      reconcile(body.firstChild, [], null, null);
      return;
    }
    const shownNow = open.get(name);
    const index = new Map(shownNow.instances.map((instance) => [instance.id, instance]));
    reconcile(body.firstChild, [...index.keys()], makeInstance, (item, id) => updateInstance(item, index.get(id)));
    const left = shownNow.matching - shownNow.instances.length;
    body.lastChild.hidden = left <= 0;
    setText(body.lastChild, "Show more: " + left + " instances left");
  }

  function makeInstance(id) {
    const node = element("li", "instance");
    const what = element("div", "what");
    what.append(element("div", "address"), element("div", "id", id), element("ul", "tags"), element("dl", "facts"));
    what.querySelector(".tags").setAttribute("aria-label", "Tags");
    node.append(element("span", "health"), what);
    return node;
  }

  function updateInstance(node, instance) {
    if (node.shown === instance) return;
    const isChange = node.shown !== undefined;
    node.shown = instance;
    const health = node.firstChild;
    health.className = "health " + instance.health;
    setText(health, instance.health);
    const [address, , tags, facts] = node.lastChild.children;
    address.replaceChildren(link(instance));
    tags.replaceChildren(...instance.tags.map((tag) => element("li", "", tag)));
    const rows = [];
    if (instance.zone) rows.push(fact("zone", instance.zone));
    if (instance.weight !== 1) rows.push(fact("weight", String(instance.weight)));
    for (const [name, other] of Object.entries(instance.addresses)) rows.push(fact(name, other));
    for (const [key, value] of Object.entries(instance.metadata)) rows.push(fact(key, value));
    facts.replaceChildren(...rows);
    if (isChange) flash(node);
  }

  function fact(name, value) {
    const row = element("div");
    const shown = element("dd");
    shown.append(linkOrText(value));
    row.append(element("dt", "", name), shown);
    return row;
  }

  function link(instance) {
    const host = instance.host.includes(":") ? "[" + instance.host + "]" : instance.host;
    const where = host + ":" + instance.port;
    if (instance.scheme !== "http" && instance.scheme !== "https") {
      return document.createTextNode(instance.scheme + "://" + where);
    }
    return linkOrText(instance.scheme + "://" + where);
  }

  /* Nothing but http and https becomes a link. */
  function linkOrText(value) {
    if (/^https?:\/\/[^\s]+$/.test(value)) {
      try {
        const url = new URL(value);
        if ((url.protocol === "http:" || url.protocol === "https:") && !url.username && !url.password) {
          const anchor = element("a", "", value);
          anchor.href = url.href;
          anchor.rel = "noopener noreferrer nofollow";
          anchor.target = "_blank";
          return anchor;
        }
      } catch (notAUrl) {
        /* Then it is text. */
      }
    }
    return document.createTextNode(value);
  }

  function flash(node) {
    node.classList.remove("fresh");
    void node.offsetWidth;
    node.classList.add("fresh");
  }

  /* Changes. */
  function kindOf(entry) {
    if (entry.kind === "added" || entry.kind === "passing") return "good";
    if (entry.kind === "removed" || entry.kind === "critical") return "bad";
    return entry.kind === "warning" ? "doubt" : "";
  }

  function sentence(entry) {
    switch (entry.kind) {
      case "added": return "joined";
      case "removed": return "left";
      case "updated": return "changed";
      default: return "is " + entry.kind;
    }
  }

  function paintHistory() {
    byId("calm").hidden = history.length > 0;
    const list = byId("history");
    const index = new Map(history.map((entry) => [entry.number, entry]));
    reconcile(list, [...index.keys()], (number) => makeEntry(index.get(number)), () => {});
    paintAges();
  }

  function makeEntry(entry) {
    const node = element("li", kindOf(entry));
    const line = element("p");
    line.append(element("b", "", entry.service), " ", sentence(entry));
    const detail = element("p", "detail", entry.id + (entry.detail ? ": " + entry.detail : ""));
    const time = element("time");
    const at = new Date(entry.at);
    time.dateTime = at.toISOString();
    time.title = at.toLocaleString();
    node.append(line, detail, time);
    return node;
  }

  function paintAges() {
    const now = Date.now() + clockSkew;
    for (const time of byId("history").querySelectorAll("time")) {
      setText(time, ago(now - Date.parse(time.dateTime)));
    }
  }

  function ago(millis) {
    const seconds = Math.max(0, Math.round(millis / 1000));
    if (seconds < 5) return "just now";
    if (seconds < 60) return seconds + " s ago";
    const minutes = Math.round(seconds / 60);
    if (minutes < 60) return minutes + " min ago";
    const hours = Math.round(minutes / 60);
    return hours < 48 ? hours + " h ago" : Math.round(hours / 24) + " days ago";
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
      byId("told").textContent = last.service + " " + last.id + " " + sentence(last)
        + (rest > 0 ? ", and " + rest + " more changes" : "");
      untold.length = 0;
    }, 2000);
  }

  /* The stream. */
  function show(state, text, notice) {
    document.body.dataset.link = state;
    setText(byId("link-text"), text);
    byId("notice").hidden = !notice;
    setText(byId("notice"), notice || "");
  }

  /* An age is of the moment at which it is told. */
  function dated(told) {
    told.since = Date.now() - (told.age || 0);
    return told;
  }

  function showFreshness() {
    if (freshness.state === "stale") {
      show("stale", "Stale", "The centre has lost its store at " + new Date(freshness.since).toLocaleTimeString() + ": this is the last state that it knows. " + (freshness.cause || ""));
    } else if (freshness.state === "loading") {
      show("connecting", "Loading…", freshness.cause ? "The store does not answer yet. " + freshness.cause : "");
    } else {
      show("live", "Live", "");
    }
  }

  function take(event, data) {
    switch (event) {
      case "state":
        services.clear();
        sorted = null;
        for (const service of data.services) put(service);
        listed = !data.more;
        history = data.history.slice(0, HISTORY);
        /* The numbers of the entries may be those of another run of the centre. */
        reconcile(byId("history"), [], null, null);
        freshness = dated(data.freshness);
        allListed();
        clockSkew = data.now - Date.now();
        break;
      case "more":
        for (const service of data.services) put(service);
        listed = !data.more;
        allListed();
        break;
      case "change":
        for (const service of data.services) put(service);
        if (query().looking && !searching) search(1000);
        history = data.history.concat(history).slice(0, HISTORY);
        tell(data.history);
        break;
      case "freshness":
        freshness = dated(data);
        loaded = loaded || (listed && data.state === "live");
        break;
      default:
        return;
    }
    showFreshness();
    paintSoon();
  }

  /* Of what the first state does not name nothing is left. */
  function allListed() {
    if (!listed) return;
    performance.mark("rollcall-listed");
    loaded = freshness.state !== "loading" || services.size > 0;
    for (const name of [...open.keys()]) {
      if (!services.has(name)) open.delete(name);
    }
    if (query().looking) search(0);
  }

  function put([name, passing, warning, critical]) {
    const size = passing + warning + critical;
    if (!services.has(name) || size === 0) sorted = null;
    if (size === 0) {
      services.delete(name);
      open.delete(name);
    } else {
      services.set(name, { passing, warning, critical, size });
      load(name);
    }
    if (loaded) touched.add(name);
  }

  async function listen() {
    const abort = new AbortController();
    stop = () => abort.abort();
    const response = await fetch("/dashboard/events",
      { headers: headers("text/event-stream"), signal: abort.signal, cache: "no-store" });
    if (response.status === 401 || response.status === 403) {
      askForToken(response.status, Boolean(sessionStorage.getItem(tokenKey)));
      return false;
    }
    if (!response.ok) throw new Error("status " + response.status);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw new Error("the stream has ended");
      failures = 0;
      lastHeard = Date.now();
      rest += value;
      const blocks = rest.split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) {
        let event = "message";
        let data = "";
        for (const line of block.split("\n")) {
          if (line.startsWith("event: ")) event = line.slice(7);
          else if (line.startsWith("data: ")) data += line.slice(6);
        }
        if (data) take(event, JSON.parse(data));
      }
    }
  }

  async function keepListening() {
    for (;;) {
      lastHeard = Date.now();
      try {
        if ((await listen()) === false) return;
      } catch (failed) {
        failures++;
        const wait = Math.min(15000, 500 * 2 ** Math.min(failures, 6)) * (0.8 + 0.4 * Math.random());
        show("lost", "Disconnected", loaded
          ? "The centre does not answer. What you see is from " + new Date(lastHeard).toLocaleTimeString() + "; trying again."
          : "The centre does not answer; trying again.");
        await new Promise((resume) => {
          setTimeout(resume, wait);
          addEventListener("online", resume, { once: true });
        });
      }
    }
  }

  /* A stream that says nothing for so long has been cut somewhere on its way. */
  setInterval(() => {
    if (stop && Date.now() - lastHeard > SILENT_MILLIS) stop();
  }, 5000);
  setInterval(paintAges, 5000);

  function askForToken(status, had) {
    show("lost", "Not signed in", "");
    sessionStorage.removeItem(tokenKey);
    if (status === 403) setText(byId("sign-in-why"), "That token may not read. One with the role read is needed.");
    else if (had) setText(byId("sign-in-why"), "The centre does not know that token.");
    byId("token").value = "";
    byId("sign-in").showModal();
  }

  byId("sign-in").addEventListener("cancel", (event) => event.preventDefault());
  byId("sign-in-form").addEventListener("submit", () => {
    sessionStorage.setItem(tokenKey, byId("token").value.trim());
    byId("token").value = "";
    show("connecting", "Connecting…", "");
    keepListening();
  });

  /* Search, theme and keys. */
  for (const kind of ["input", "change"]) {
    byId("search-form").addEventListener(kind, () => {
      shown = PAGE;
      search(150);
      paintSoon();
    });
  }
  byId("search-form").addEventListener("submit", (event) => event.preventDefault());
  byId("more").addEventListener("click", () => {
    shown += PAGE;
    paintSoon();
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement && event.target.type !== "radio";
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      byId("search").focus();
    } else if (event.key === "Escape" && event.target === byId("search")) {
      byId("search").value = "";
      search(0);
      paintSoon();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const all = [...document.querySelectorAll(".toggle")];
      const at = all.indexOf(document.activeElement);
      const fromSearch = event.target === byId("search") && event.key === "ArrowDown";
      const next = fromSearch ? all[0] : all[at + (event.key === "ArrowDown" ? 1 : -1)];
      if ((at >= 0 || fromSearch) && next) {
        event.preventDefault();
        next.focus();
      }
    }
  });

  const themes = ["auto", "light", "dark"];
  function useTheme(theme) {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    setText(byId("theme"), "Theme: " + theme);
  }
  let theme = themes.includes(localStorage.getItem(themeKey)) ? localStorage.getItem(themeKey) : "auto";
  useTheme(theme);
  byId("theme").addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    localStorage.setItem(themeKey, theme);
    useTheme(theme);
  });

  setText(byId("example"), "curl -X PUT " + location.origin + "/v1/agent/service/register \\\n"
    + "  -d '{\"Name\": \"hello\", \"Address\": \"127.0.0.1\", \"Port\": 8080}'");
  paintSoon();
  keepListening();
})();
