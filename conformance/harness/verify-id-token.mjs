// How the real server knows an ID token of Google: by the rules of its own verifier, with the keys that `jwksUrl` names, for
// its own would ask Google. harness/id-tokens.test.mjs shows that both judge alike, but for ES256, which Google does not use.
import { createRemoteJWKSet, jwtVerify } from "jose";

const RULES = {
  issuer: ["https://accounts.google.com", "accounts.google.com"],
  algorithms: ["RS256", "ES256"],
  requiredClaims: ["iss", "sub", "aud", "exp", "iat"],
  maxTokenAge: "1h",
  clockTolerance: 30,
};

/** A `verifyIdToken` of Better Auth, which takes a throw for a no. */
export function idTokenVerifier({ clientId, jwksUrl }) {
  const keys = createRemoteJWKSet(new URL(jwksUrl));
  return async (token, nonce) => {
    const { payload } = await jwtVerify(token, keys, { ...RULES, audience: clientId });
    return !nonce || payload.nonce === nonce;
  };
}
