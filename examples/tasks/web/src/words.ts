// What went wrong, in words for a person.
import { CountersignError, type State } from "@countersign/client";

const NOT_REACHED = "The server is not reached. Check the connection and try again.";
const FAILED = "Something went wrong on the server. Please try again in a moment.";

/** A failure that may be shown as it is. */
export class Trouble extends Error {}

/** What Better Auth's client, the token helper or `fetch` failed with. */
export function inWords(error: unknown): string {
  if (error instanceof Trouble) return error.message;
  if (error instanceof CountersignError && error.code === "FORBIDDEN") return sentence(error.message);
  if (error instanceof CountersignError && error.code !== "OFFLINE") return FAILED;
  return NOT_REACHED;
}

/** The answer of Better Auth's client where it is an error. */
export interface Refusal {
  status: number;
  message?: string | undefined;
}

export function refusalInWords({ status, message }: Refusal): string {
  if (status === 429) return "Too many attempts. Please wait a moment before you try again.";
  if (!status) return NOT_REACHED;
  if (status >= 500 || !message) return FAILED;
  return sentence(message);
}

/** Why somebody is not signed in any more. */
export function farewell({ reason, message }: State): string {
  if (reason === "refused" && message) return `You were signed out: ${message}.`;
  return reason === "expired" ? "Your session is over. Please sign in again." : "You are signed out.";
}

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1).replace(/[^.!?]$/, "$&.");
