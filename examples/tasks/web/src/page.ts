// Which page is shown: the part of the address after `#`.
import { useSyncExternalStore } from "react";

const listen = (changed: () => void) => {
  addEventListener("hashchange", changed);
  return () => removeEventListener("hashchange", changed);
};

/** `#/devices` is the page `devices`; nothing is the first page. */
export const usePage = (): string => useSyncExternalStore(listen, () => location.hash.replace(/^#\/?/, ""));
