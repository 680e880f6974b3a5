/* The stream of events, which is asked for anew whenever it ends. */
import { headers } from "./centre.js";

const SILENT_MILLIS = 35000;
let lastHeard = 0;
let stop = null;
let failures = 0;

/*
 * Listens until the centre says who asks may not.
 *
 * hears: { take(event, data), lost(lastHeard), refused(status) }
 */
export async function keepListening(hears) {
  for (;;) {
    lastHeard = Date.now();
    try {
      const status = await listen(hears.take);
      if (status === 401 || status === 403) {
        hears.refused(status);
        return;
      }
    } catch (failed) {
      failures++;
      hears.lost(lastHeard);
      const wait = Math.min(15000, 500 * 2 ** Math.min(failures, 6)) * (0.8 + 0.4 * Math.random());
      await new Promise((resume) => {
        setTimeout(resume, wait);
        addEventListener("online", resume, { once: true });
      });
    }
  }
}

async function listen(take) {
  const abort = new AbortController();
  stop = () => abort.abort();
  const response = await fetch("/dashboard/events",
    { headers: headers("text/event-stream"), signal: abort.signal, cache: "no-store" });
  if (response.status === 401 || response.status === 403) return response.status;
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
    for (const block of blocks) hand(block, take);
  }
}

function hand(block, take) {
  let event = "message";
  let data = "";
  for (const line of block.split("\n")) {
    if (line.startsWith("event: ")) event = line.slice(7);
    else if (line.startsWith("data: ")) data += line.slice(6);
  }
  if (data) take(event, JSON.parse(data));
}

/* A stream that says nothing for so long has been cut somewhere on its way. */
setInterval(() => {
  if (stop && Date.now() - lastHeard > SILENT_MILLIS) stop();
}, 5000);
