// What every check of several nodes uses: asking a node, waiting for what must come, and saying whether it held.

import { PATIENCE_MS } from "../harness/until.mjs";

export const password = "a long password";
/** How soon a revocation holds everywhere, in milliseconds: a second, or what is given where the machine has other work. */
export const BOUND_MS = Number(process.env.BOUND_MS ?? 1_000);

const failures = [];

/** Says whether something held. */
export function check(what, holds, detail = "") {
  console.log(`${holds ? "ok  " : "FAIL"} ${what}${detail && `: ${detail}`}`);
  if (!holds) failures.push(what);
}

/** How many checks did not hold. */
export const failed = () => failures.length;

export async function json(node, method, path, { token, body, headers = {} } = {}) {
  const answer = await fetch(node.origin + path, {
    method,
    headers: {
      origin: node.origin,
      ...(body && { "content-type": "application/json" }),
      ...(token && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  const isJson = text && answer.headers.get("content-type")?.includes("json");
  return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
}

export const signUp = (node, email) => json(node, "POST", "/api/auth/sign-up/email", { body: { name: "N", email, password } });

export async function signIn(node, email) {
  const answer = await json(node, "POST", "/api/auth/sign-in/email", { body: { email, password } });
  if (answer.status !== 200) throw new Error(`sign-in: ${answer.status} ${JSON.stringify(answer.body)}`);
  return { ...answer.body, cookie: answer.headers.getSetCookie().map((set) => set.split(";")[0]).join("; ") };
}

export const signOut = (node, token) => json(node, "POST", "/api/auth/sign-out", { token, body: {} });

/** How the protected API of a node answers a bearer. */
export const api = async (node, token) => (await json(node, "GET", node.path ?? "/tasks", { token })).status;

/** Asks until the API of every node refuses; milliseconds until the last one did. */
export async function untilRefused(nodes, token) {
  const begun = performance.now();
  const waits = nodes.map(async (node) => {
    for (;;) {
      const status = await api(node, token);
      const waited = performance.now() - begun;
      if (status === 401) return waited;
      if (waited > PATIENCE_MS) return Number.POSITIVE_INFINITY;
    }
  });
  return Math.max(...(await Promise.all(waits)));
}

/** Asks until the API answers so; whether it did in time. */
export async function untilStatus(node, token, expected) {
  const deadline = Date.now() + PATIENCE_MS;
  while ((await api(node, token)) !== expected) if (Date.now() > deadline) return false;
  return true;
}
