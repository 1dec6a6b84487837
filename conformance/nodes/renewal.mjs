// Refresh tokens on several nodes.
import { BOUND_MS, api, check, json, signIn, untilRefused } from "./checks.mjs";

export const refresh = (node, refreshToken) => json(node, "POST", "/api/auth/refresh", { body: { refreshToken } });
export const startRefresh = (node, token) => json(node, "POST", "/api/auth/refresh/start", { token, body: {} });

export async function renewal({ cluster, nodes }) {
  const [a, b, c] = nodes;
  const { token } = await signIn(a, "ada@example.com");
  const other = await signIn(b, "ada@example.com");
  const { refreshToken } = (await startRefresh(a, token)).body;
  const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => refresh(nodes[n % 3], refreshToken)));
  const successors = new Set(answers.map(({ body }) => body.refreshToken));
  check("100 parallel refreshes on three nodes all succeed", answers.every(({ status }) => status === 200));
  check("with one successor", successors.size === 1, `${successors.size}`);
  await cluster.sql(`UPDATE countersign_session SET "advancedAt" = "advancedAt" - interval '1 hour'`);
  const replay = await refresh(b, refreshToken);
  check("a replay after the grace is refused", replay.status === 401, String(replay.status));
  check("and ends that session everywhere", (await untilRefused(nodes, answers[0].body.token)) < BOUND_MS);
  check("the user's other session lives on", (await api(c, other.token)) === 200);
}
