/*
 * Asks the centre, and has it change something: by the paths that every client uses, and so with the
 * roles and limits that every client has. The token is kept for this tab alone, and sent in a header
 * alone.
 */
const TOKEN = "rollcall-token";

export let me = { name: "", admin: false, registers: [], node: "" };

/* The centre has said no; its sentence is the message. */
export class Refusal extends Error {
  constructor(status, sentence) {
    super(sentence || "The centre has answered with status " + status + ".");
    this.status = status;
  }
}

export function hasToken() {
  return sessionStorage.getItem(TOKEN) !== null;
}

export function useToken(token) {
  if (token) sessionStorage.setItem(TOKEN, token);
  else sessionStorage.removeItem(TOKEN);
}

export function headers(accept) {
  const sent = { Accept: accept };
  const token = sessionStorage.getItem(TOKEN);
  if (token) sent.Authorization = "Bearer " + token;
  return sent;
}

export async function text(path) {
  const response = await fetch(path, { headers: headers("application/json"), cache: "no-store" });
  const answer = await response.text();
  if (!response.ok) throw new Refusal(response.status, answer.slice(0, 500));
  return answer;
}

export async function ask(path) {
  return JSON.parse(await text(path));
}

export async function send(method, path, body) {
  const response = await fetch(path, { method, body, headers: headers("*/*"), cache: "no-store" });
  const answer = await response.text();
  if (!response.ok) throw new Refusal(response.status, answer.slice(0, 500));
  return answer;
}

/* Asks who the visitor is, and with it what the page offers; the centre judges each call anew. */
export async function askWho() {
  me = await ask("/dashboard/me");
}

export function mayRegister(service) {
  return me.admin || me.registers.some((prefix) => service.startsWith(prefix));
}
