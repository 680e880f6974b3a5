/*
 * Keys and values: one folder at a time, or one key. A value is shown as text where it is UTF-8, and
 * written where a text field keeps it as it is. Whoever saves says what he has seen, so that nobody's
 * change is lost.
 */
import { go, href, now } from "./address.js";
import { ask, me, Refusal, send, text } from "./centre.js";
import { confirm } from "./dialogs.js";
import { byId, element, fact, local, reconcile, setText, visibleLines } from "./text.js";

const SHOWN = 500;
let names = [];
let pair = null;
let editing = null; /* what the form was filled for */

function pathOf(key) {
  return "/v1/kv/" + key.split("/").map(encodeURIComponent).join("/");
}

function folderOf(key) {
  return key.slice(0, key.lastIndexOf("/") + 1);
}

export async function load() {
  const key = now.key;
  const folder = folderOf(key);
  names = await orNothing(() => ask(pathOf(folder) + "?keys&separator=%2F"), []);
  pair = key === folder ? null : await orNothing(() => read(key), null);
}

async function orNothing(asking, nothing) {
  try {
    return await asking();
  } catch (refused) {
    if (refused instanceof Refusal && refused.status === 404) return nothing;
    throw refused;
  }
}

/* Flags may have 64 bits, which numbers of this language have not. */
async function read(key) {
  const answer = await text(pathOf(key));
  const [read] = JSON.parse(answer);
  const bytes = Uint8Array.from(atob(read.Value || ""), (c) => c.charCodeAt(0));
  const shown = { ...read, Flags: /"Flags":(\d+)/.exec(answer)[1], size: bytes.length, text: null };
  try {
    shown.text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (notText) {
    shown.hex = [...bytes.slice(0, 1024)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  }
  return shown;
}

function isEditable(shown) {
  return shown.text !== null && !shown.text.includes("\r") && visibleLines(shown.text) === shown.text;
}

export function paint() {
  const folder = folderOf(now.key);
  paintCrumbs(folder);
  const wanted = names.filter((name) => name !== folder && name.toLowerCase().includes(now.q.trim().toLowerCase()));
  reconcile(byId("key-list"), wanted.slice(0, SHOWN), (name) => makeName(name, folder), (item, name) => {
    if (name === now.key) item.firstChild.setAttribute("aria-current", "page");
    else item.firstChild.removeAttribute("aria-current");
  });
  byId("no-keys").hidden = wanted.length > 0;
  setText(byId("no-keys"), names.length > 0 ? "No key of this folder matches." : "There are no keys here.");
  byId("more-keys").hidden = wanted.length <= SHOWN;
  setText(byId("more-keys"), (wanted.length - SHOWN) + " more; search to find one of them.");
  byId("new-key").hidden = !me.admin;
  byId("new-key").href = href({ view: "keys", key: folder, edit: "new" });
  paintPair(folder);
}

function paintCrumbs(folder) {
  const parts = folder.split("/").slice(0, -1);
  const crumbs = [local("", "All keys", href({ view: "keys" }))];
  parts.forEach((part, i) => {
    crumbs.push(" / ", local("", part, href({ view: "keys", key: parts.slice(0, i + 1).join("/") + "/" })));
  });
  byId("crumbs").replaceChildren(...crumbs);
}

function makeName(name, folder) {
  const item = element("li");
  item.append(local(name.endsWith("/") ? "folder" : "key", name.slice(folder.length), href({ view: "keys", key: name })));
  return item;
}

function paintPair(folder) {
  const isNew = me.admin && now.edit === "new";
  const isGone = !isNew && !pair && now.key !== folder;
  byId("pair").hidden = !isNew && !pair;
  byId("no-pair").hidden = !isGone;
  setText(byId("no-pair"), isGone ? "There is no key “" + now.key + "”." : "");
  if (isNew || pair) fill(isNew ? null : pair, folder);
}

function fill(shown, folder) {
  const mayWrite = me.admin && (!shown || isEditable(shown));
  setText(byId("pair-title"), shown ? shown.Key : "New key");
  byId("pair-facts").replaceChildren(...(shown ? [
    fact("bytes", String(shown.size)), fact("flags", shown.Flags), fact("created at", String(shown.CreateIndex)),
    fact("changed at", String(shown.ModifyIndex)),
    ...(shown.Session ? [fact("held by session", shown.Session)] : []),
  ] : []));
  byId("pair-value").hidden = mayWrite;
  byId("pair-form").hidden = !mayWrite;
  byId("pair-delete").hidden = !me.admin || !shown;
  byId("pair-why").hidden = !me.admin || mayWrite;
  byId("pair-name-row").hidden = Boolean(shown);
  if (shown && !mayWrite) byId("pair-value").textContent = shown.text === null
    ? "not UTF-8: " + shown.hex + (shown.size > 1024 ? " …" : "") : visibleLines(shown.text);
  const version = shown ? shown.Key + "\n" + shown.ModifyIndex : "new " + folder;
  if (editing === version) return;
  const isBeingWritten = shown && editing && editing.startsWith(shown.Key + "\n") && byId("pair-text").value !== byId("pair-text").defaultValue;
  if (isBeingWritten) {
    fault("It has been changed meanwhile by somebody else: what you save now is refused.");
    return;
  }
  editing = version;
  byId("pair-form").index = shown ? shown.ModifyIndex : 0;
  byId("pair-form").flags = shown ? shown.Flags : "0";
  byId("pair-name").value = folder;
  byId("pair-text").defaultValue = shown && mayWrite ? shown.text : "";
  byId("pair-text").value = byId("pair-text").defaultValue;
  fault("");
}

function fault(sentence) {
  setText(byId("pair-fault"), sentence);
  byId("pair-fault").hidden = !sentence;
}

export function onWritten(loadSoon) {
  byId("pair-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = byId("pair-form");
    const key = byId("pair-name-row").hidden ? now.key : byId("pair-name").value;
    try {
      const body = new TextEncoder().encode(byId("pair-text").value);
      const done = await send("PUT", pathOf(key) + "?cas=" + form.index + "&flags=" + form.flags, body);
      if (done.trim() !== "true") throw new Error(form.index === 0
        ? "There is a key of that name." : "It has been changed meanwhile by somebody else. Open it again to see how.");
      editing = null;
      go(href({ view: "keys", key }), key !== now.key);
      loadSoon();
    } catch (refused) {
      fault(refused.message);
    }
  });
  byId("pair-delete").addEventListener("click", () => {
    const gone = pair;
    confirm({
      title: "Delete " + gone.Key + "?",
      text: "The key goes, with its value.",
      action: "Delete",
      run: async () => {
        const done = await send("DELETE", pathOf(gone.Key) + "?cas=" + gone.ModifyIndex);
        if (done.trim() !== "true") throw new Error("It has been changed meanwhile by somebody else.");
        go(href({ view: "keys", key: folderOf(gone.Key) }));
        loadSoon();
      },
    });
  });
}
