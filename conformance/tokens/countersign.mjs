// Our command line, as far as it is about tokens.
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";

import { binary } from "../ours.mjs";

/** Runs `countersign token` with `args`; the working directory holds no settings. */
function token(args, { secret, input }) {
  const environment = { PATH: process.env.PATH, ...(secret && { BETTER_AUTH_SECRET: secret }) };
  const { status, stdout, stderr, error } = spawnSync(binary, ["token", ...args], { env: environment, cwd: tmpdir(), input, encoding: "utf8" });
  if (error) throw error;
  return { status, stdout, stderr };
}

/** A token for `sub` and `email`. */
export function mint({ sub, email, secret }) {
  const { status, stdout, stderr } = token(["mint", "--sub", sub, "--email", email], { secret });
  if (status !== 0) throw new Error(`token mint: ${stderr}`);
  return stdout.trim();
}

/** The claims of a token that is admitted, or why it is refused. */
export function verify(text, { secret, args = [] }) {
  const { status, stdout, stderr } = token(["verify", ...args], { secret, input: text });
  if (status === 0) return { claims: JSON.parse(stdout) };
  if (status === 1) return { refused: stderr.trim() };
  throw new Error(`token verify ended with ${status}: ${stderr}`);
}
