/* Asks before something is changed, and for a token. */
import { byId, setText } from "./text.js";

let pending = null;
let done = () => {};

/* Says who is told when something has been changed. */
export function onDone(listener) {
  done = listener;
}

/*
 * Asks, and does it when that is confirmed. Stays open while the centre refuses, and says why.
 *
 * asked: { title, text, action, reason: whether one may be given, run: (reason) => a promise }
 */
export function confirm(asked) {
  pending = asked;
  setText(byId("confirm-title"), asked.title);
  setText(byId("confirm-text"), asked.text);
  setText(byId("confirm-do"), asked.action);
  byId("confirm-reason-row").hidden = !asked.reason;
  byId("confirm-reason").value = "";
  byId("confirm-fault").hidden = true;
  byId("confirm-do").disabled = false;
  byId("confirm").showModal();
  byId(asked.reason ? "confirm-reason" : "confirm-cancel").focus();
}

byId("confirm-cancel").addEventListener("click", () => byId("confirm").close());
byId("confirm-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  byId("confirm-do").disabled = true;
  try {
    await pending.run(byId("confirm-reason").value.trim());
    byId("confirm").close();
    done();
  } catch (refused) {
    setText(byId("confirm-fault"), refused.message);
    byId("confirm-fault").hidden = false;
    byId("confirm-do").disabled = false;
  }
});

let withoutToken = () => {};

/* Asks for a token; one that must be given cannot be cancelled. */
export function askForToken(why, isNeeded, cancelled = () => {}) {
  withoutToken = cancelled;
  setText(byId("sign-in-why"), why);
  byId("token").value = "";
  byId("sign-in-cancel").hidden = isNeeded;
  byId("sign-in").dataset.needed = String(isNeeded);
  if (!byId("sign-in").open) byId("sign-in").showModal();
}

export function onToken(take) {
  byId("sign-in-form").addEventListener("submit", () => {
    const token = byId("token").value.trim();
    byId("token").value = "";
    take(token);
  });
}

byId("sign-in-cancel").addEventListener("click", () => {
  byId("sign-in").close();
  withoutToken();
});
byId("sign-in").addEventListener("cancel", (event) => {
  if (byId("sign-in").dataset.needed === "true") event.preventDefault();
  else withoutToken();
});
