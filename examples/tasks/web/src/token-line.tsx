import { useCountersign } from "@countersign/client/react";

import { countersign } from "./auth";

const HOW: Record<string, string> = {
  "signed-in": "new with this sign-in",
  renewed: "renewed by this page",
  shared: "handed over by another tab",
  offline: "to be renewed once the server is reached",
  busy: "to be renewed when the server has time",
};

/** What the helper does all the while, for whoever is curious. */
export function TokenLine() {
  const { reason, expiresAt } = useCountersign(countersign);
  if (!expiresAt) return null;
  const end = new Date(expiresAt);
  return (
    <p className="token">
      Access token: in this page’s memory only, {HOW[reason]}, ends{" "}
      <time dateTime={end.toISOString()}>{end.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })}</time>.
    </p>
  );
}
