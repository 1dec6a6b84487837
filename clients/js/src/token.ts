/** An access token and what is known of it. Other tabs of the origin may be given one; nothing stores it. */
export interface Token {
  readonly value: string;
  /** The session's id. */
  readonly sid: string;
  /** When it ends by the server's clock, in milliseconds. */
  readonly expiresAt: number;
  /** When it was asked for, by the clock of this machine: earlier than it was made, so every margin errs to the safe side. */
  readonly issued: number;
  /** Milliseconds from `issued` to its end, measured by the server's clock alone. */
  readonly lives: number;
}

/** The answer that carries a token. */
export interface Answer {
  token: string;
  sid: string;
  /** When the token ends: ISO 8601. */
  expiresAt: string;
  /** The server's clock: ISO 8601. */
  serverTime: string;
}

export function read(answer: Answer, issued: number): Token | undefined {
  const expiresAt = Date.parse(answer.expiresAt);
  const lives = expiresAt - Date.parse(answer.serverTime);
  if (typeof answer.token !== "string" || Number.isNaN(lives)) return undefined;
  return { value: answer.token, sid: answer.sid, expiresAt, issued, lives };
}

/** Whether it may still be sent. It is given up a little before its end, for the way takes time. */
export const isUsable = (token: Token, now: number): boolean => now < end(token) - Math.min(10_000, token.lives / 20);

/** Whether a verifier may still take it. */
export const isAlive = (token: Token, now: number): boolean => now < end(token);

const end = (token: Token) => token.issued + token.lives;

/**
 * When to renew: after 75 to 80 % of its life, a page at a time. A token that ends no later than the one before is cut
 * short by its session; asking again early would bring nothing.
 */
export function dueAt(token: Token, before: Token | undefined, random: number): number {
  const isLast = before?.sid === token.sid && token.expiresAt <= before.expiresAt;
  return isLast ? end(token) : token.issued + token.lives * (0.75 + random / 20);
}
