/* What is around the views: how far the centre is heard of, the theme, and keys. */
import { byId, setText } from "./text.js";

const THEME = "rollcall-theme";
const THEMES = ["auto", "light", "dark"];

/* state: live, stale, lost or connecting */
export function show(state, text, notice) {
  document.body.dataset.link = state;
  setText(byId("link-text"), text);
  byId("notice").hidden = !notice;
  setText(byId("notice"), notice || "");
}

let theme = THEMES.includes(localStorage.getItem(THEME)) ? localStorage.getItem(THEME) : "auto";
useTheme();

function useTheme() {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  setText(byId("theme"), "Theme: " + theme);
}

byId("theme").addEventListener("click", () => {
  theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  localStorage.setItem(THEME, theme);
  useTheme();
});

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.matches("input:not([type=radio]), textarea, select");
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (event.key === "/" && !isTyping && isPlain && !document.querySelector("dialog[open]")) {
    event.preventDefault();
    byId("search").focus();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    moveAmongServices(event);
  }
});

function moveAmongServices(event) {
  const toggles = [...document.querySelectorAll(".toggle")];
  const at = toggles.indexOf(document.activeElement);
  const isFromSearch = event.target === byId("search") && event.key === "ArrowDown";
  const next = isFromSearch ? toggles[0] : toggles[at + (event.key === "ArrowDown" ? 1 : -1)];
  if ((at >= 0 || isFromSearch) && next) {
    event.preventDefault();
    next.focus();
  }
}
