// The to-do example as a site: sign-in, API and page in one process, under a clock that can be set.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { faketime } from "../faketime.mjs";
import { exchange } from "../harness/http.mjs";
import { PATIENCE_MS, until } from "../harness/until.mjs";
import { binary, startOurs } from "../ours.mjs";

export const PASSWORD = "four unrelated words here";
export const SECRET = "Hq7Zt2Wm9Xc4Vb6Ln1Kp8Sd3Fg5Jr0Ty";
const TASKS = join(dirname(binary), "countersign-tasks");
const PAGE = fileURLToPath(new URL("../../examples/tasks/web/dist/index.html", import.meta.url));

/** Starts the site in a folder of its own, with a clock that `advance` moves for the server as for pages. */
export async function openSite(given = {}) {
  const settings = { feed: { pollIntervalMs: 50 }, ...given };
  for (const built of [TASKS, PAGE]) {
    if (!existsSync(built)) throw new Error(`${built} is not there: cargo xtask test --only browser builds it`);
  }
  const directory = mkdtempSync(join(tmpdir(), "browser-"));
  const clock = new Clock(join(directory, "clock"));
  const server = await startOurs({ settings, secret: SECRET, directory, command: [TASKS], environment: clock.environment });
  return new Site(server, clock, directory);
}

class Site {
  constructor(server, clock, directory) {
    Object.assign(this, { server, clock, directory, origin: server.origin });
  }

  /** A browser of its own: its tabs share cookies, locks and the clock, and know those of no other. */
  async browser(chromium, options = {}) {
    const context = await chromium.newContext({ baseURL: this.origin, locale: "en", ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    return context;
  }

  /** `countersign user suspend` and the like, on the site's database. */
  command(...words) {
    const environment = { PATH: process.env.PATH, BETTER_AUTH_SECRET: SECRET, DATABASE_URL: this.server.database };
    return execFileSync(binary, words, { cwd: this.directory, env: environment, encoding: "utf8" });
  }

  /** Moves the server's clock. It trusts no more what it knew so long ago, and is ready when it has looked again. */
  async advance(milliseconds) {
    this.clock.advance(milliseconds);
    await until("the server has looked for news", async () => {
      const answer = await exchange(this.origin, "GET", "/readyz").catch(() => undefined);
      return !answer || answer.status === 200;
    });
  }

  restart(changed) {
    return this.server.restart(changed);
  }

  async close() {
    await this.server.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** The server's clock: the machine's and what was added to it. Its timers go by a clock of their own and are left alone. */
class Clock {
  #ahead = 0;

  constructor(file) {
    this.file = file;
    this.#write();
    const [program, ...rest] = [...faketime, "-f", "+0s", "sh", "-c", "echo $LD_PRELOAD"];
    const library = execFileSync(program, rest, { encoding: "utf8" }).trim();
    this.environment = {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
  }

  now() {
    return Date.now() + this.#ahead;
  }

  advance(milliseconds) {
    this.#ahead += milliseconds;
    this.#write();
  }

  #write() {
    mkdirSync(dirname(this.file), { recursive: true });
    // At once: the server reads it whenever it looks at its clock.
    writeFileSync(`${this.file}.new`, `+${this.#ahead / 1000}s\n`);
    renameSync(`${this.file}.new`, this.file);
  }
}
