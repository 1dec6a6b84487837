// What a scenario is handed: one target, the visitors it needs, and a way to meddle with the database underneath.
import Database from "better-sqlite3";

import { Transcript } from "./transcript.mjs";
import { Visitor } from "./visitor.mjs";

/** The secret both sides sign with, so that their cookies can be checked and read by either. */
export const SECRET = "vT3xK9qLmZ7rW2cYh8nB4jpD6sFg1AeUoX5i";

/** One scenario on one target. */
export class App {
  transcript;
  #target;
  #number;

  constructor(target, number) {
    this.#target = target;
    this.#number = number;
    this.transcript = new Transcript({ origin: target.origin, secret: SECRET });
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

  /** Reads from the database of the target. */
  look(read) {
    return this.#open(read);
  }

  /** Changes the database behind the server's back, and starts the server again so that it cannot remember better. */
  async meddle(change) {
    this.#open(change);
    await this.#target.restart();
  }

  /** Records something that is not on the wire but must agree all the same. */
  note(label, value, rule) {
    this.transcript.note(label, value, rule);
  }

  #open(use) {
    const database = new Database(this.#target.file, { timeout: 5000 });
    try {
      return use(database);
    } finally {
      database.close();
    }
  }
}

/** The password of every member that a scenario does not give another. */
export const PASSWORD = "correct horse battery";
