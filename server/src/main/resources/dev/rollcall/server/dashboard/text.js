/*
 * Elements of text. Whatever comes from the registry was written by strangers: it enters the page as
 * text alone, what cannot be seen or turns the direction of the text is shown as an escape, and it
 * becomes a link only when it is an http or https URL.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const UNSEEN_IN_LINES = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

function escape(found) {
  const code = found.codePointAt(0).toString(16);
  return code.length > 4 ? "\\u{" + code + "}" : "\\u" + code.padStart(4, "0");
}

export function visible(text) {
  return text.replace(UNSEEN, escape);
}

/* The same for what has several lines. */
export function visibleLines(text) {
  return text.replace(UNSEEN_IN_LINES, escape);
}

export const byId = (id) => document.getElementById(id);

export function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = visible(text);
  return made;
}

export function button(className, text, onClick) {
  const made = element("button", className, text);
  made.type = "button";
  made.addEventListener("click", onClick);
  return made;
}

/* A link to another state of this page. */
export function local(className, text, href) {
  const made = element("a", className, text);
  made.href = href;
  return made;
}

export function setText(node, text) {
  const shown = visible(text);
  if (node.textContent !== shown) node.textContent = shown;
}

/* Makes a parent's children those of the keys, in order, keeping the ones that stay. */
export function reconcile(parent, keys, make, update) {
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

export function fact(name, value) {
  const row = element("div");
  const shown = element("dd");
  shown.append(linkOrText(value));
  row.append(element("dt", "", name), shown);
  return row;
}

/* Nothing but http and https becomes a link, and nothing that has to be escaped. */
export function linkOrText(value) {
  if (/^https?:\/\/[^\s]+$/.test(value) && visible(value) === value) {
    try {
      const url = new URL(value);
      if (!url.username && !url.password) {
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
  return document.createTextNode(visible(value));
}

export function flash(node) {
  node.classList.remove("fresh");
  void node.offsetWidth;
  node.classList.add("fresh");
}

export function many(count, one) {
  return count.toLocaleString("en") + " " + one + (count === 1 ? "" : "s");
}

/* Times: how long ago, and when, with the zone. */
const WHEN = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });
let clockSkew = 0;

export function setCentresClock(now) {
  clockSkew = now - Date.now();
}

export function when(millis) {
  return WHEN.format(new Date(millis));
}

export function time(millis, write) {
  const made = element("time");
  made.dateTime = new Date(millis).toISOString();
  made.title = when(millis);
  made.write = write;
  setText(made, write(age(millis)));
  return made;
}

function age(millis) {
  const seconds = Math.max(0, Math.round((Date.now() + clockSkew - millis) / 1000));
  if (seconds < 60) return seconds + " s";
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return minutes + " min";
  const hours = Math.round(minutes / 60);
  return hours < 48 ? hours + " h" : Math.round(hours / 24) + " days";
}

export function refreshTimes() {
  for (const made of document.querySelectorAll("time")) {
    setText(made, made.write(age(Date.parse(made.dateTime))));
  }
}
