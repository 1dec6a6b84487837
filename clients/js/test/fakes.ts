// A browser with tabs, and a server to ask: deterministic, on the fake clock of vitest.
import { type Countersign, type Options, createCountersign } from "../src/client.js";
import type { Channel, World } from "../src/world.js";

export const AUTH = "https://auth.example";
export const API = "https://api.example";

type Answerer = (request: Request) => Response | Promise<Response>;

/** What a server knows: one session per browser, the tokens it made, and how it feels. */
export class FakeServer {
  lifetime = 900_000;
  /** How far its clock is ahead. */
  ahead = 0;
  session: string | undefined = "session-1";
  /** No token lives beyond it. */
  sessionEnds = Infinity;
  refreshToken = "csr_1";
  accepted = new Set<string>();
  suspended = false;
  /** Everything that reached it, as `METHOD path`. */
  calls: string[] = [];
  requests: Request[] = [];
  /** Instead of an answer. */
  trouble: Answerer | undefined;
  /** Awaited after a request is handled and before it is answered. */
  slow: (() => Promise<unknown>) | undefined;
  #made = 0;

  get renewals(): number {
    return this.calls.filter((call) => call === "GET /api/auth/token" || call === "POST /api/auth/refresh").length;
  }

  fetch: typeof fetch = async (input, init) => {
    const request = new Request(input as Request, init);
    const { origin, pathname } = new URL(request.url);
    this.calls.push(`${request.method} ${origin === AUTH ? "" : origin}${pathname}`);
    this.requests.push(request.clone());
    if (this.trouble) return this.trouble(request);
    const answer = await (origin === AUTH ? this.#auth(pathname, request) : this.#api(request));
    await this.slow?.();
    return answer;
  };

  async #auth(path: string, request: Request): Promise<Response> {
    if (path === "/api/auth/sign-out") {
      this.session = undefined;
      return Response.json({ success: true });
    }
    if (path === "/api/auth/refresh/start") return Response.json({ refreshToken: this.refreshToken });
    if (path === "/api/auth/refresh") return this.#refresh((await request.json()).refreshToken);
    if (!this.session || this.suspended) return Response.json({ code: "UNAUTHORIZED" }, { status: 401 });
    return Response.json(this.make());
  }

  #refresh(presented: string): Response {
    if (presented !== this.refreshToken || !this.session) {
      return Response.json({ code: "INVALID_REFRESH_TOKEN" }, { status: 401 });
    }
    this.refreshToken = `csr_${Number(presented.slice(4)) + 1}`;
    const { expiresAt: tokenExpiresAt, sid, ...made } = this.make();
    return Response.json({ ...made, tokenExpiresAt, refreshToken: this.refreshToken, session: { id: sid } });
  }

  make() {
    const now = Date.now() + this.ahead;
    const token = `token-${++this.#made}`;
    this.accepted.add(token);
    const expiresAt = new Date(Math.min(now + this.lifetime, this.sessionEnds)).toISOString();
    return { token, sid: this.session!, expiresAt, serverTime: new Date(now).toISOString() };
  }

  async #api(request: Request): Promise<Response> {
    const token = request.headers.get("authorization")?.replace("Bearer ", "");
    if (!token) return new Response(null, { status: 401, headers: { "www-authenticate": "Bearer" } });
    if (this.suspended) return refusal("the account is suspended");
    if (!this.accepted.has(token)) return refusal("the token has expired");
    return new Response(`${token} sent ${await request.text()}`);
  }
}

export const refusal = (why: string) => {
  const challenge = `Bearer error="invalid_token", error_description="${why}"`;
  return new Response(null, { status: 401, headers: { "www-authenticate": challenge } });
};

export const offline: Answerer = () => Promise.reject(new TypeError("Failed to fetch"));

/** Locks as the Web Locks API has them, in the order of asking. */
class FakeLocks {
  #held: { name: string; mode: LockMode; tab: string }[] = [];
  #waiting: { name: string; mode: LockMode; tab: string; start: () => void }[] = [];

  of(tab: string) {
    return {
      request: (name: string, options: any, work?: any) => this.#request(tab, name, options, work),
      query: async () => ({ held: this.#held.map(({ name, mode }) => ({ name, mode })), pending: [] }),
    } as unknown as LockManager;
  }

  #request(tab: string, name: string, options: any, work: any = options): Promise<unknown> {
    const mode: LockMode = options.mode ?? "exclusive";
    return new Promise((resolve, reject) => {
      const start = () => {
        const lock = { name, mode, tab };
        this.#held.push(lock);
        const release = () => {
          this.#held = this.#held.filter((other) => other !== lock);
          this.#grant();
        };
        void Promise.resolve()
          .then(work)
          .then(resolve, reject)
          .finally(release);
      };
      this.#waiting.push({ name, mode, tab, start });
      this.#grant();
    });
  }

  #grant(): void {
    for (const request of [...this.#waiting]) {
      const others = this.#held.filter(({ name }) => name === request.name);
      if (others.some(({ mode }) => mode === "exclusive" || request.mode === "exclusive")) continue;
      this.#waiting = this.#waiting.filter((other) => other !== request);
      request.start();
    }
  }

  /** What a closed tab held is free. */
  close(tab: string): void {
    this.#held = this.#held.filter((lock) => lock.tab !== tab);
    this.#waiting = this.#waiting.filter((lock) => lock.tab !== tab);
    this.#grant();
  }
}

export interface Tab extends Countersign {
  /** Shows the tab, or hides it. */
  show(visible: boolean): void;
  /** The network is back. */
  online(): void;
  close(): void;
}

/** Tabs of one origin. */
export class FakeBrowser {
  #locks = new FakeLocks();
  #channels = new Map<string, Channel>();
  #tabs = 0;
  /** Everything that was said between tabs. */
  said: unknown[] = [];
  /** Milliseconds a message takes. */
  delay = 0;

  constructor(readonly server: FakeServer) {}

  open(options: Options = {}, without: Partial<World> = {}): Tab {
    const world = this.world(without);
    return Object.assign(createCountersign({ baseURL: AUTH, ...options }, world), world.tab);
  }

  world(without: Partial<World> = {}): World & { tab: Omit<Tab, keyof Countersign> } {
    const name = `tab ${++this.#tabs}`;
    let visible = true;
    let wake = () => {};
    return {
      fetch: this.server.fetch,
      now: () => Date.now(),
      random: () => (this.#tabs * 0.37) % 1,
      locks: this.#locks.of(name),
      channel: () => this.#channel(name),
      hidden: () => !visible,
      wakes: (listener) => (wake = listener),
      pauses: () => {},
      ...without,
      tab: {
        show: (shown) => {
          visible = shown;
          wake();
        },
        online: () => wake(),
        close: () => {
          this.#channels.delete(name);
          this.#locks.close(name);
          visible = false;
        },
      },
    };
  }

  #channel(tab: string): Channel {
    const channel: Channel = {
      onmessage: null,
      postMessage: (data) => {
        this.said.push(data);
        for (const [other, { onmessage }] of this.#channels) {
          if (other !== tab) setTimeout(() => (onmessage as any)?.({ data: structuredClone(data) }), this.delay);
        }
      },
    };
    this.#channels.set(tab, channel);
    return channel;
  }
}
