import { useSyncExternalStore } from "react";

import type { Countersign } from "./client.js";
import type { State } from "./state.js";

/** What is known of the session, in a component. */
export function useCountersign({ state }: Pick<Countersign, "state">): State {
  const now = () => state.value;
  return useSyncExternalStore(state.listen, now, now);
}
