export { createCountersign, type Countersign, type Options } from "./client.js";
export { type AuthFetch, type AuthFetchOptions } from "./auth-fetch.js";
export { CountersignError, type Code } from "./error.js";
export { type Listener, type Reason, type State, type Store } from "./state.js";
