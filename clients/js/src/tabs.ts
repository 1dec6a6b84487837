import type { Reason } from "./state.js";
import type { Token } from "./token.js";
import type { World } from "./world.js";

/** How long another tab may take to hand over the token it says it has, in milliseconds. */
const PATIENCE = 1_000;

/** What tabs tell each other. A token is only ever the answer to a question. */
type News =
  | { type: "new"; sid: string }
  | { type: "out"; reason: Reason; message: string | undefined }
  | { type: "ask"; after: number }
  | { type: "token"; token: Token };

/** What a page does with news from other tabs. */
export interface Ears {
  /** The token to hand over, if there is one worth it. */
  fresh(): Token | undefined;
  /** Another tab has a token of this session. */
  session(sid: string): void;
  /** A token somebody asked for. */
  token(token: Token): void;
  signedOut(reason: Reason, message: string | undefined): void;
}

/** The other tabs of this origin. */
export interface Tabs {
  /** Does `work` while no other tab does. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /** A token younger than `after` that another tab holds. */
  ask(after: number): Promise<Token | undefined>;
  /** Says that this tab has a token worth asking for until `due`; resolves when every other tab can see that. */
  hold(token: Token, due: number): Promise<void>;
  /** Says that this tab has none any more. */
  drop(): void;
  tellSession(sid: string): void;
  tellSignedOut(reason: Reason, message: string | undefined): void;
}

/**
 * Only the tab that holds the lock `name` renews. Whoever has a token also holds a shared lock whose *name* says from when it is and
 * how long it is worth asking for: so the next holder of `name` sees inside the lock what was published. The browser keeps
 * the names of locks in order, while messages may still be on their way, and a closed tab loses its locks.
 */
export function otherTabs(world: World, name: string, shares: boolean, ears: Ears): Tabs {
  const { locks } = world;
  const channel = world.channel?.(name);
  const post = (news: News) => channel?.postMessage(news);
  let answered: ((token: Token) => void) | undefined;
  let drop = () => {};

  if (channel) {
    channel.onmessage = ({ data }: { data: News }) => {
      if (data.type === "new") ears.session(data.sid);
      else if (data.type === "out") ears.signedOut(data.reason, data.message);
      else if (!shares) return;
      else if (data.type === "token") (answered ?? ears.token)(data.token);
      else {
        const token = ears.fresh();
        if (token && token.issued > data.after) post({ type: "token", token });
      }
    };
  }

  const anybodyHolds = async (after: number) =>
    (await locks?.query())?.held?.some((lock) => {
      const [issued, due] = lock.name!.slice(name.length).split(" ", 3).slice(1).map(Number);
      return lock.name!.startsWith(name) && issued! > after && due! > world.now();
    });

  return {
    exclusively: (work) => (locks ? (locks.request(name, work) as ReturnType<typeof work>) : work()),
    async ask(after) {
      if (!shares || !(await anybodyHolds(after))) return undefined;
      const answer = new Promise<Token | undefined>((resolve) => {
        setTimeout(resolve, PATIENCE);
        answered = (token) => token.issued > after && resolve(token);
      });
      post({ type: "ask", after });
      return answer.finally(() => (answered = undefined));
    },
    hold: (token, due) =>
      new Promise((seen) => {
        drop();
        if (!shares || !locks) return seen();
        const held = new Promise<void>((release) => (drop = release));
        locks.request(`${name} ${token.issued} ${due}`, { mode: "shared" }, () => (seen(), held)).catch(seen);
      }),
    drop: () => drop(),
    tellSession: (sid) => post({ type: "new", sid }),
    tellSignedOut: (reason, message) => post({ type: "out", reason, message }),
  };
}
