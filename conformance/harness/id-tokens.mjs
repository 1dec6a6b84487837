// ID tokens as a provider signs them, and as nobody may take them.
import { createHmac, generateKeyPairSync, randomUUID, sign } from "node:crypto";

const RSA = "rsa key";
const EC = "ec key";

const USUAL = {
  iss: "https://accounts.google.com",
  aud: "google-client",
  email_verified: true,
  name: "Ada",
  picture: "https://example.com/ada.png",
};

/** Seconds since 1970, as claims have them. */
export const now = () => Math.floor(Date.now() / 1000);

/** The keys of one provider, and what it signs with them. */
export class IdTokens {
  #pairs = {
    [RSA]: generateKeyPairSync("rsa", { modulusLength: 2048 }),
    [EC]: generateKeyPairSync("ec", { namedCurve: "P-256" }),
    stranger: generateKeyPairSync("rsa", { modulusLength: 2048 }),
  };

  /** What the provider publishes of its keys. */
  jwks() {
    const published = { [RSA]: "RS256", [EC]: "ES256" };
    return { keys: Object.entries(published).map(([kid, alg]) => ({ ...this.#pairs[kid].publicKey.export({ format: "jwk" }), kid, alg, use: "sig" })) };
  }

  /**
   * A token that says `claims` over what is usual; one that is undefined is left out. It says that it is signed by `alg`
   * with the key `kid`, and is so, unless `by` names another key or `as` another algorithm; `instead` is what it says
   * other than what was signed.
   */
  token(claims = {}, { alg = "RS256", kid = alg === "ES256" ? EC : RSA, by = kid, as = alg, header = {}, instead } = {}) {
    // With an id of its own, so that no two tokens are alike that are signed in one second.
    const said = { ...USUAL, jti: randomUUID(), iat: now(), exp: now() + 3600, ...claims };
    const head = encoded({ alg, kid, typ: "JWT", ...header });
    const signature = this.#sign(`${head}.${encoded(said)}`, as, by);
    return `${head}.${encoded({ ...said, ...instead })}.${signature.toString("base64url")}`;
  }

  #sign(message, alg, by) {
    const pair = this.#pairs[by];
    if (alg === "none") return Buffer.alloc(0);
    if (alg === "HS256") return createHmac("sha256", pair.publicKey.export({ type: "spki", format: "pem" })).update(message).digest();
    return sign("sha256", Buffer.from(message), { key: pair.privateKey, dsaEncoding: "ieee-p1363" });
  }
}

const encoded = (part) => Buffer.from(JSON.stringify(part)).toString("base64url");

/** Tokens that nobody may take, each as the arguments of `IdTokens.token`, made from claims that would do. */
export const BROKEN = {
  "expired": (claims) => [{ ...claims, iat: now() - 1800, exp: now() - 60 }],
  "older than an hour": (claims) => [{ ...claims, iat: now() - 3700 }],
  "of times to come": (claims) => [{ ...claims, iat: now() + 120 }],
  "not yet good": (claims) => [{ ...claims, nbf: now() + 120 }],
  "for another client": (claims) => [{ ...claims, aud: "another-client" }],
  "for other clients": (claims) => [{ ...claims, aud: ["another-client", "google-client-2"] }],
  "for nobody": (claims) => [{ ...claims, aud: undefined }],
  "of another issuer": (claims) => [{ ...claims, iss: "https://accounts.example.com" }],
  "of an issuer that begins alike": (claims) => [{ ...claims, iss: "https://accounts.google.com/" }],
  "of no issuer": (claims) => [{ ...claims, iss: undefined }],
  "without a subject": (claims) => [{ ...claims, sub: undefined }],
  "without an end": (claims) => [{ ...claims, exp: undefined }],
  "without a beginning": (claims) => [{ ...claims, iat: undefined }],
  "with an end that is a text": (claims) => [{ ...claims, exp: String(now() + 3600) }],
  "with a beginning that is a text": (claims) => [{ ...claims, iat: String(now()) }],
  "by a key that is not published": (claims) => [claims, { kid: "stranger" }],
  "by a key under the name of another": (claims) => [claims, { by: "stranger" }],
  "by a published key under a name of its own": (claims) => [claims, { kid: "unknown", by: RSA }],
  "with another subject than was signed": (claims) => [claims, { instead: { sub: "another" } }],
  "without a signature": (claims) => [claims, { alg: "none" }],
  "without a signature, called RS256": (claims) => [claims, { as: "none" }],
  "signed with what is published": (claims) => [claims, { alg: "HS256" }],
  "by an elliptic curve under the name of an RSA key": (claims) => [claims, { alg: "ES256", kid: RSA, by: EC }],
  "by RSA under the name of an elliptic curve": (claims) => [claims, { kid: EC, by: RSA }],
  "with a header that must be understood": (claims) => [claims, { header: { crit: ["x"], x: 1 } }],
};

/** Texts that are no tokens. */
export const NO_TOKENS = ["", "x", "a.b.c", "..", `${encoded({ alg: "RS256" })}.${encoded([])}.`, "eyJ".repeat(4000)];
