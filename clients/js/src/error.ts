/** Why there is no access token to be had right now. That nobody is signed in is no error: then the token is `null`. */
export type Code =
  /** The server was not reached, or did not answer in time. Nothing is known about the session. */
  | "OFFLINE"
  /** The server asks for patience (429, 503) or failed (5xx); `retryAfter` says for how long, if it did. */
  | "BUSY"
  /** The server knows the session and refuses it (403): a suspended user, an address not verified. */
  | "FORBIDDEN"
  /** The server answered something that is no answer of ours: a wrong `baseURL`, most likely. */
  | "UNEXPECTED";

/** A failure to get a token, or to sign out. */
export class CountersignError extends Error {
  override readonly name = "CountersignError";

  constructor(
    readonly code: Code,
    message: string,
    /** The status of the answer, where there was one. */
    readonly status?: number,
    /** Milliseconds to wait, where the server said so. */
    readonly retryAfter?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
