// What the scenarios of social sign-in share: the providers, the people, and the way there and back.

const at = (path) => `<provider>${path}`;
const client = (name) => ({ clientId: `${name}-client`, clientSecret: `${name}-secret` });
const generic = (name) => ({
  ...client(name),
  authorizationUrl: at("/authorize"),
  tokenUrl: at("/token"),
  userInfoUrl: at("/userinfo"),
  scopes: ["openid", "email"],
});

/** Settings with the providers: `mock`, whose options may be otherwise, `other` of the same kind, and `github`, where nobody goes. */
export const social = (mock = {}, rest = {}) => ({
  socialProviders: { mock: { ...generic("mock"), ...mock }, other: generic("other"), github: client("github") },
  ...rest,
});

/**
 * Settings with `google`, whose options may be otherwise, beside the others: the provider signs its ID tokens alone. Better
 * Auth knows where Google is and overlooks the other addresses; by them nothing of ours leaves loopback either.
 */
export const withIdTokens = (options = {}, rest = {}) => {
  const { socialProviders, ...settings } = social({}, rest);
  const google = { ...client("google"), tokenUrl: at("/token"), userInfoUrl: at("/userinfo"), jwksUrl: at("/jwks") };
  return { socialProviders: { ...socialProviders, google: { ...google, ...options } }, ...settings };
};

/** What an ID token says of someone whose address nobody else has. */
export function claimsOf(app, name = "ada", others = {}) {
  const email = app.email(name);
  return { sub: `at ${email}`, email, ...others };
}

/** Someone whom the provider knows by an address that nobody else has; `does` is how the provider misbehaves for them. */
export function person(app, name = "ada", { does, ...profile } = {}) {
  const email = app.email(name);
  return { profile: { id: `at ${email}`, email, email_verified: true, name: "Ada", ...profile }, does };
}

/** Asks for the address of the provider's page. */
export const begin = (visitor, body, rule) => visitor.send("POST", "/sign-in/social", { body: { provider: "mock", ...body }, rule });

/** To the provider and back, as `who`: gives the last answer. */
export async function signIn(app, visitor, who, body, rule) {
  const { json } = await begin(visitor, body, rule);
  return visitor.visit(await app.consent(json.url, who), rule);
}

/** Someone who signed up with a password, and whose address is verified. */
export async function verifiedMember(app, name) {
  const member = await app.member(name);
  await member.send("POST", "/send-verification-email", { body: { email: member.email } });
  await member.send("GET", (await app.mail(member.email)).link);
  return member;
}

/** The rows of the one with this address, as either server must be able to read them. */
export async function noteRows(app, email, rule) {
  const user = await app.row('select * from "user" where email = ?', email);
  const accounts = await app.rows('select * from account where "userId" = ? order by "createdAt", "providerId"', user?.id ?? "");
  app.note("user", user ?? "none", rule);
  app.note("accounts", accounts.map(({ password: _, ...account }) => account), rule);
}

/** What the account of provider `mock` is called in the paths of this server: its row's identifier. */
export async function mockAccount(visitor) {
  const { json } = await visitor.send("GET", "/list-accounts");
  return json.find(({ providerId }) => providerId === "mock")?.id;
}
