// What a scenario is handed: one target, the visitors it needs, and a way to meddle with the database underneath.
import { open } from "./database.mjs";
import { exchange } from "./http.mjs";
import { Transcript } from "./transcript.mjs";
import { Visitor } from "./visitor.mjs";

/** The secret both sides sign with, so that their cookies can be checked and read by either. */
export const SECRET = "vT3xK9qLmZ7rW2cYh8nB4jpD6sFg1AeUoX5i";

/** One scenario on one target. */
export class App {
  transcript;
  #target;
  #number;
  #provider;

  /** `provider` is the provider of identities, where there is one. */
  constructor(target, number, provider) {
    this.#target = target;
    this.#number = number;
    this.#provider = provider;
    this.transcript = new Transcript({ origin: target.origin, provider: provider?.origin, secret: SECRET });
    // Servers are shared: what other scenarios had theirs ask is none of this one's business.
    provider?.heard(target.origin);
  }

  /** Where the server listens; also its trusted origin unless a scenario configures another. */
  get origin() {
    return this.#target.origin;
  }

  /** Keeps cookies and sends `Origin`, as a page of the application does. */
  browser() {
    return new Visitor(this.#target, this.transcript, "browser");
  }

  /** Sends what it is told and nothing else. */
  program() {
    return new Visitor(this.#target, this.transcript, "program");
  }

  /** Sends `token` in the `Authorization` header of every request. */
  bearer(token) {
    return new Visitor(this.#target, this.transcript, "bearer", token);
  }

  /** An address nobody else uses: servers are shared between scenarios that do not meddle. */
  email(name) {
    return `${name}.${this.#number}@example.com`;
  }

  /** A browser that has just signed up; the sign-up itself is part of the transcript. */
  async member(name = "ada", extra = {}) {
    const visitor = this.browser();
    const email = this.email(name);
    const answer = await visitor.send("POST", "/sign-up/email", { body: { name: "Ada", email, password: PASSWORD, ...extra } });
    return Object.assign(visitor, { email, answer, user: answer.json?.user });
  }

  /** Rows of the target's database. */
  rows(sql, ...args) {
    return open(this.#target.database, (db) => db.rows(sql, ...args));
  }

  /** The first of them, if there is one. */
  async row(sql, ...args) {
    return (await this.rows(sql, ...args))[0];
  }

  /**
   * The newest mail to `to`, as `{ url, link, secret }`: its link as it stands and below the base path, and the secret in it,
   * which is told by a name from now on. The mail is part of the transcript; none is undefined.
   */
  async mail(to, rule) {
    const { json } = await exchange(this.origin, "GET", "/dev/outbox");
    const sent = json.filter((mail) => mail.to === to);
    const url = sent.at(-1)?.url;
    const secret = url && secretIn(url);
    if (secret) this.transcript.secret(secret);
    this.note("mails", { count: sent.length, url }, rule);
    return url && { url, link: url.replace(`${this.origin}/api/auth`, ""), secret };
  }

  /** At the provider's page `url` somebody says who they are: gives where they are sent back to, below the base path. */
  async consent(url, who) {
    const page = new URL(url);
    page.searchParams.set("as", JSON.stringify(who));
    const { status, headers, text } = await exchange(this.#provider.origin, "GET", page.pathname + page.search);
    if (status !== 302) throw new Error(`the provider refused ${page.search}: ${text}`);
    this.note("sent back", { location: headers.location });
    return headers.location.replace(`${this.origin}/api/auth`, "");
  }

  /** An ID token of the provider, signed as harness/id-tokens.mjs says. */
  idToken(claims, how) {
    return this.#provider.idToken(claims, how);
  }

  /** What the server asked the provider since it was last looked at. */
  heard(rule) {
    this.note("provider heard", this.#provider.heard(this.origin), rule);
  }

  /** Changes the database behind the server's back, and starts the server again so that it cannot remember better. */
  async meddle(change) {
    await open(this.#target.database, change);
    await this.#target.restart();
  }

  /** Records something that is not on the wire but must agree all the same. */
  note(label, value, rule) {
    this.transcript.note(label, value, rule);
  }
}

/** What stands in a link that only the receiver of a mail shall know. */
function secretIn(url) {
  const { pathname, searchParams } = new URL(url);
  return searchParams.get("token") ?? pathname.split("/").at(-1);
}

/** The password of every member that a scenario does not give another. */
export const PASSWORD = "correct horse battery";
