// Who is signed in, and how requests say so. This file is all that the rest of the page needs to know of it.
import { countersignClient } from "@countersign/client/plugin";
import { createAuthClient } from "better-auth/react";

/** The official client, with the helper as a plugin: `useSession` is the one truth about who is signed in. */
export const authClient = createAuthClient({ plugins: [countersignClient()] });

/** What keeps the access token: in memory, renewed before it ends, once for all tabs. */
export const countersign = authClient.countersign;

/** `fetch`, with the token on requests to this origin and to no other. */
export const authFetch = countersign.createAuthFetch({ origins: [location.origin] });
