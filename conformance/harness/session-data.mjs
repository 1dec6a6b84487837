// What a `session_data` cookie says, read independently of both servers (docs/wire.md 5.6).
import { createDecipheriv, createHash, createHmac, hkdfSync } from "node:crypto";

const COOKIE = /^(.*(?:\.session_data|sid\.data))(?:\.(\d+))?$/;

/** `{ name, chunk }` if this is the name of such a cookie or of one of its chunks. */
export function nameOfSessionData(name) {
  const [, whole, chunk] = COOKIE.exec(name) ?? [];
  return whole && { name: whole, chunk };
}

/** Its form and members, instants as dates; `wrong` says what does not hold. */
export function readSessionData(value, secret) {
  const parts = value.split(".").length;
  if (parts === 5) return dated({ form: "jwe", ...readJwe(value, secret) });
  if (parts === 3) return dated({ form: "jwt", ...readJwt(value, secret) });
  return dated({ form: "compact", ...readCompact(value, secret) });
}

function readCompact(value, secret) {
  const { session, expiresAt, signature, ...others } = JSON.parse(decode(value));
  const right = hmac("sha256", secret, JSON.stringify({ ...session, expiresAt })).toString("base64url");
  return { ...session, ...others, expiresAt, ...(signature === right ? {} : { wrong: "signature" }) };
}

function readJwt(value, secret) {
  const [header, payload, signature] = value.split(".");
  const right = hmac("sha256", secret, `${header}.${payload}`).toString("base64url");
  return { header: decode(header), ...JSON.parse(decode(payload)), ...(signature === right ? {} : { wrong: "signature" }) };
}

function readJwe(value, secret) {
  const [header, key, iv, text, tag] = value.split(".");
  const derived = Buffer.from(hkdfSync("sha256", secret, "better-auth-session", "BetterAuth.js Generated Encryption Key", 64));
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(header.length * 8));
  const authenticated = Buffer.concat([Buffer.from(header), Buffer.from(iv, "base64url"), Buffer.from(text, "base64url"), length]);
  const right = hmac("sha512", derived.subarray(0, 32), authenticated).subarray(0, 32).toString("base64url");
  const cipher = createDecipheriv("aes-256-cbc", derived.subarray(32), Buffer.from(iv, "base64url"));
  const opened = Buffer.concat([cipher.update(Buffer.from(text, "base64url")), cipher.final()]).toString();
  const thumbprint = createHash("sha256").update(JSON.stringify({ k: derived.toString("base64url"), kty: "oct" })).digest("base64url");
  const named = decode(header).replace(thumbprint, "<thumbprint>");
  const { jti, ...claims } = JSON.parse(opened);
  return { header: named, ...claims, jti: typeof jti, ...(tag === right && key === "" ? {} : { wrong: "tag" }) };
}

const decode = (text) => Buffer.from(text, "base64url").toString();
const hmac = (hash, key, message) => createHmac(hash, key).update(message).digest();

/** Numbers of milliseconds and seconds become dates. */
function dated(members) {
  const scale = { updatedAt: 1, expiresAt: 1, iat: 1000, exp: 1000 };
  const date = ([key, value]) => [key, key in scale && typeof value === "number" ? new Date(value * scale[key]) : value];
  return Object.fromEntries(Object.entries(members).map(date));
}
