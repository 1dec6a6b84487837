// What happened on one side, with everything that differs from run to run replaced by a name for it.
import { createHmac } from "node:crypto";

import { nameOfSessionData, readSessionData } from "./session-data.mjs";

/** Headers that belong to the connection, not to the answer. */
const CONNECTION = new Set(["connection", "content-length", "date", "keep-alive", "transfer-encoding"]);

const ISO_INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const JWT = /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/;
const SIGNED_TOKEN = /^([A-Za-z0-9]{32})\.([A-Za-z0-9+/]{43}=)$/;
const OPAQUE_TOKEN = /^[A-Za-z0-9]{32}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Members that hold an identifier, whatever its form: theirs are 32 letters and digits, ours are UUIDs. */
const ID_MEMBERS = new Set(["id", "userId", "sub", "sid", "kid"]);
/** Members that hold key material of a JWK. */
const KEY_MEMBERS = new Set(["x", "y", "n"]);
const SIXTY_DAYS = 60 * 86_400_000;

/**
 * The record of one scenario on one target: a list of steps, each a map from a path such as `body.user.name` to a text.
 *
 * Equal values get equal names within a transcript (`<token 1>` twice is the same token twice), so relations between
 * answers are compared, not only their shapes.
 */
export class Transcript {
  steps = [];
  #names = new Map();
  #secrets = [];
  #origin;
  #provider;
  #secret;
  #now;

  constructor({ origin, provider, secret, now = Date.now }) {
    this.#origin = origin;
    this.#provider = provider;
    this.#secret = secret;
    this.#now = now;
  }

  /** A secret that is told by a name wherever it stands in a text. */
  secret(text) {
    this.#secrets.push(text);
    this.#name("secret", text);
  }

  /** An answer of the server. */
  exchange({ method, path, answer, rule }) {
    const facts = new Map([["status", String(answer.status)]]);
    this.#body(facts, answer);
    const cookies = lastOfEach(answer.setCookies);
    cookies.forEach((cookie, index) => facts.set(`cookie ${index + 1}`, this.#cookie(cookie)));
    this.#sessionData(facts, cookies);
    for (const [name, value] of Object.entries(answer.headers).sort()) {
      if (!CONNECTION.has(name)) facts.set(`header ${name}`, this.#header(name, value));
    }
    this.steps.push({ kind: "exchange", method, path, rule, answer: outcome(answer), facts });
  }

  /** What the official client made of the answer before it. */
  result({ data, error }) {
    const facts = new Map();
    this.#flatten(facts, "data", data);
    this.#flatten(facts, "error", error);
    this.steps.push({ kind: "result", facts });
  }

  /** Something looked up beside the wire, such as a row of the database. */
  note(label, value, rule) {
    const facts = new Map();
    this.#flatten(facts, label, value);
    this.steps.push({ kind: "note", label, rule, facts });
  }

  /** The scenario broke off here. */
  broke(error) {
    this.steps.push({ kind: "note", label: "broke off", facts: new Map([["broke off", String(error?.stack ?? error)]]) });
  }

  #body(facts, { text, json }) {
    if (json === undefined) facts.set("body", JSON.stringify(text.replaceAll(this.#origin, "<origin>")));
    else this.#flatten(facts, "body", json);
  }

  /** Objects become one fact per member plus one for the order of the members. */
  #flatten(facts, path, value, member) {
    if (value instanceof Date) return facts.set(path, `Date ${this.#instant(value.toISOString())}`);
    if (Array.isArray(value)) {
      facts.set(`${path}[]`, String(value.length));
      return value.forEach((item, index) => this.#flatten(facts, `${path}[${index}]`, item));
    }
    if (value !== null && typeof value === "object") {
      facts.set(`${path}{}`, Object.keys(value).join(", "));
      return Object.entries(value).forEach(([key, item]) => this.#flatten(facts, `${path}.${key}`, item, key));
    }
    facts.set(path, typeof value === "string" ? this.#text(value, member) : String(value));
  }

  #text(value, member) {
    if (ISO_INSTANT.test(value)) return this.#instant(value);
    if (JWT.test(value)) return this.#jwt(value);
    if (ID_MEMBERS.has(member) || UUID.test(value)) return this.#name("id", value);
    if (KEY_MEMBERS.has(member)) return this.#name("key", value);
    const signed = SIGNED_TOKEN.exec(value);
    if (signed) return `${this.#name("token", signed[1])}.${this.#signature(signed[1], signed[2])}`;
    if (OPAQUE_TOKEN.test(value)) return this.#name("token", value);
    const known = this.#secrets.reduce((text, secret) => text.replaceAll(secret, this.#name("secret", secret)), value);
    const escaped = encodeURIComponent(this.#origin);
    const placed = known.replaceAll(this.#origin, "<origin>").replaceAll(escaped, "<escaped origin>");
    return JSON.stringify(this.#handshake(this.#provider ? placed.replaceAll(this.#provider, "<provider>") : placed));
  }

  /** What is drawn by lot for one sign-in at a provider; of another length or alphabet it stays as it is, and is seen. */
  #handshake(text) {
    return text
      .replace(/(?<=[?&]state=)[\w-]{32}(?=&|$)/g, (value) => this.#name("state", value))
      .replace(/(?<=[?&]code=)[a-f0-9]{32}(?=&|$)/g, (value) => this.#name("code", value))
      .replace(/(?<=[?&]code_challenge=)[\w-]{43}(?=&|$)/g, (value) => this.#name("challenge", value));
  }

  /** A JWT is told by its subject: two of the same second may or may not be equal. */
  #jwt(value) {
    const payload = JSON.parse(Buffer.from(value.split(".")[1], "base64url").toString());
    return `<jwt for ${payload.sub === undefined ? "nobody" : this.#name("id", payload.sub)}>`;
  }

  /** Instants are told to the minute and relative to now, which compares lifetimes and forgives a slow machine. */
  #instant(value) {
    const delta = Date.parse(value) - this.#now();
    if (Math.abs(delta) > SIXTY_DAYS) return value;
    const minutes = Math.round(delta / 60_000);
    return minutes === 0 ? "<now>" : `<now ${minutes > 0 ? "+" : "-"} ${Math.abs(minutes)} min>`;
  }

  #header(name, value) {
    if (/^(x-)?retry-after$/.test(name) && Number(value) >= 1 && Number(value) <= 10) return "<1 to 10>";
    return this.#text(value);
  }

  /** The value is told by kind and its signature is checked; name, attributes and their order stay as they came. */
  #cookie(header) {
    const [pair, ...attributes] = header.split("; ");
    const cut = pair.indexOf("=");
    const [name, value] = [pair.slice(0, cut), decodeURIComponent(pair.slice(cut + 1))];
    const shown = value !== "" && nameOfSessionData(name) ? "<session data>" : this.#cookieValue(value);
    return [`${name}=${shown}`, ...attributes].join("; ");
  }

  /** What a cache cookie says, its chunks put together. */
  #sessionData(facts, cookies) {
    const parts = cookies.map((cookie) => cookie.split(";")[0].split(/=(.*)/s)).filter(([name, value]) => value !== "" && nameOfSessionData(name));
    if (parts.length === 0) return;
    const value = parts.map(([, part]) => decodeURIComponent(part)).join("");
    this.#flatten(facts, "session data", readSessionData(value, this.#secret));
  }

  #cookieValue(value) {
    if (value === "") return "";
    const cut = value.lastIndexOf(".");
    const message = value.slice(0, cut);
    const shown = OPAQUE_TOKEN.test(message) ? this.#name("token", message) : (this.#names.get(message) ?? message);
    return `${shown}.${this.#signature(message, value.slice(cut + 1))}`;
  }

  #signature(message, signature) {
    const right = createHmac("sha256", this.#secret).update(message).digest("base64");
    return signature === right ? "<signature>" : "<WRONG SIGNATURE>";
  }

  #name(kind, value) {
    const known = this.#names.get(value);
    if (known) return known;
    const number = [...this.#names.values()].filter((name) => name.startsWith(`<${kind} `)).length + 1;
    this.#names.set(value, `<${kind} ${number}>`);
    return this.#names.get(value);
  }
}

/** Of a cookie that is set twice in one answer only the last counts for a browser. */
function lastOfEach(cookies) {
  const name = (cookie) => cookie.slice(0, cookie.indexOf("="));
  return cookies.filter((cookie, index) => !cookies.slice(index + 1).some((later) => name(later) === name(cookie)));
}

/**
 * The row of the table an answer belongs to: its status with the error code, the quoted message where there is no
 * code, `null` for that body and `∅` for an empty one.
 */
export function outcome({ status, text, json }) {
  if (text === "") return `${status} ∅`;
  if (json === null) return `${status} null`;
  if (json?.code !== undefined) return `${status} ${json.code}`;
  if (status >= 400 && json?.message !== undefined) return `${status} "${json.message}"`;
  return String(status);
}
