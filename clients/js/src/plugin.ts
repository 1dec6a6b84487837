import { type Countersign, type Options, createCountersign } from "./client.js";
import type { State } from "./state.js";

/** The part of a Better Auth client that is looked at: `authClient.$store`. */
export interface SessionStore {
  atoms: Record<string, { get(): any; set(value: any): void; listen(listener: (value: any) => void): () => void }>;
}

/**
 * Makes `useSession` the one truth: who it says is signed in gets a token, and who is not has none. What this helper learns
 * first (a sign-in or a sign-out in another tab, a session that is over) it puts there.
 *
 * `gone` is why a session is over that `useSession` does not know any more: a client that signs out says nothing else.
 */
export function followSession(countersign: Countersign, { atoms }: SessionStore, gone: "signed-out" | "expired" = "signed-out"): () => void {
  const session = atoms["session"]!;
  /** The session that was asked for last: if the two disagree for good, they do so in peace. */
  let asked: string | undefined;
  const learned = ({ status, sid }: State) => {
    const { data, isPending, isRefetching, refetch } = session.get();
    if (status === "signed-out" && data) session.set({ ...session.get(), data: null });
    if (status !== "signed-in" || sid === data?.session.id || sid === asked || isPending || isRefetching) return;
    asked = sid;
    void refetch();
  };
  const stops = [
    session.listen(({ data, error, isPending, isRefetching }) => {
      if (isPending || isRefetching || error) return;
      const { status, sid } = countersign.state.value;
      if (!data && status !== "signed-out") countersign.forget(status === "unknown" ? "expired" : gone);
      if (data && data.session.id !== sid) countersign.renew(data.session.id).catch(() => {});
    }),
    countersign.state.listen(learned),
  ];
  return () => stops.forEach((stop) => stop());
}

/**
 * The helper as a plugin of Better Auth's client: `authClient.countersign`. It follows `useSession`, and forgets the token in
 * every tab before `authClient.signOut()` is sent.
 */
export function countersignClient(options: Omit<Options, "baseURL"> = {}) {
  let countersign: Countersign | undefined;
  return {
    id: "countersign" as const,
    getActions: (_fetch: unknown, $store: SessionStore, client?: { baseURL?: string | undefined; basePath?: string | undefined }) => {
      countersign = createCountersign({ ...options, baseURL: address(client) });
      if (typeof window !== "undefined") followSession(countersign, $store, "expired");
      return { countersign };
    },
    fetchPlugins: [
      {
        id: "countersign",
        name: "forgets the token before signing out",
        hooks: {
          onRequest(context: { url: string | URL }) {
            if (new URL(context.url, "http://localhost").pathname.endsWith("/sign-out")) countersign?.forget();
          },
        },
      },
    ],
  };
}

function address({ baseURL, basePath }: { baseURL?: string | undefined; basePath?: string | undefined } = {}): string | undefined {
  const origin = baseURL || globalThis.location?.origin;
  return basePath && origin ? new URL(basePath, origin).href : baseURL;
}
