// The harness must see what it is there to see: each test alters one thing and expects to be told.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";

import { differencesBetween, judge } from "./compare.mjs";
import { Coverage } from "./coverage.mjs";
import { Transcript } from "./transcript.mjs";

const SECRET = "a secret for tests only";
const NOW = Date.parse("2026-01-02T03:04:05.678Z");
const WEEK = 7 * 86_400_000;

const letters = (letter) => letter.repeat(32);
const sign = (token) => `${token}.${createHmac("sha256", SECRET).update(token).digest("base64")}`;
const cookie = (token, attributes = "Max-Age=604800; Path=/; HttpOnly; SameSite=Lax") =>
  `better-auth.session_token=${encodeURIComponent(sign(token))}; ${attributes}`;

/** A sign-in as a server might answer it; `seed` makes its identifiers its own. */
function signIn(seed) {
  const [id, token] = [letters(seed), letters(seed.toLowerCase())];
  return {
    status: 200,
    headers: { "content-type": "application/json", date: `date ${seed}` },
    setCookies: [cookie(token)],
    json: { token, user: { id, name: "Ada", createdAt: new Date(NOW).toISOString(), image: null } },
  };
}

/** A list of one session whose token is the one handed out by `signIn`. */
function listing(seed) {
  const expiresAt = new Date(NOW + WEEK).toISOString();
  return { status: 200, headers: {}, setCookies: [], json: [{ id: `${seed}session`, token: letters(seed.toLowerCase()), expiresAt }] };
}

function transcript(answers) {
  const kept = new Transcript({ origin: "http://localhost:1", secret: SECRET, now: () => NOW });
  for (const answer of answers) {
    const text = answer.text ?? JSON.stringify(answer.json);
    kept.exchange({ method: "POST", path: "/api/auth/sign-in/email", answer: { ...answer, text } });
  }
  return kept;
}

/** What is found between two well-behaved servers after `alter` has had one of them. */
function found(alter) {
  const altered = [signIn("B"), listing("B")];
  alter(altered);
  return differencesBetween("test", transcript([signIn("A"), listing("A")]), transcript(altered));
}

test("finds nothing between servers that differ only in identifiers, tokens and dates of the clock", () => {
  assert.deepEqual(found(() => {}), []);
});

const alterations = {
  "another status": ([answer]) => void (answer.status = 201),
  "another value": ([answer]) => void (answer.json.user.name = "Eve"),
  "null for absent": ([answer]) => void delete answer.json.user.image,
  "a member more": ([answer]) => void (answer.json.user.role = "user"),
  "another type": ([answer]) => void (answer.json.user.name = 5),
  "the string null": ([answer]) => void (answer.json.user.image = "null"),
  "another order of members": ([answer]) => void (answer.json = { user: answer.json.user, token: answer.json.token }),
  "a header more": ([answer]) => void (answer.headers["x-extra"] = "1"),
  "a header less": ([answer]) => void delete answer.headers["content-type"],
  "another header value": ([answer]) => void (answer.headers["content-type"] = "application/json; charset=utf-8"),
  "no cookie": ([answer]) => void (answer.setCookies = []),
  "a cookie more": ([answer]) => void answer.setCookies.push("a=; Max-Age=0"),
  "another cookie attribute": ([answer]) => void (answer.setCookies = [cookie(letters("b"), "Max-Age=1; Path=/; HttpOnly; SameSite=Lax")]),
  "another order of attributes": ([answer]) => void (answer.setCookies = [cookie(letters("b"), "Path=/; Max-Age=604800; HttpOnly; SameSite=Lax")]),
  "a wrong signature": ([answer]) => void (answer.setCookies = [cookie(letters("b")).replace("%3D", "A%3D")]),
  "the cookie of another session": ([answer]) => void (answer.setCookies = [cookie(letters("c"))]),
  "another session in the list": ([, answer]) => void (answer.json[0].token = letters("c")),
  "a session less": ([, answer]) => void (answer.json = []),
  "another lifetime": ([, answer]) => void (answer.json[0].expiresAt = new Date(NOW + WEEK / 7).toISOString()),
  "a JWT for an opaque token": ([answer]) => void (answer.json.token = "eyJhbGciOiJub25lIn0.e30.AA"),
  "an answer less": (answers) => void answers.pop(),
};

for (const [name, alter] of Object.entries(alterations)) {
  test(`sees ${name}`, () => assert.notEqual(found(alter).length, 0));
}

test("names what is drawn by lot for one sign-in at a provider, and sees another form or relation", () => {
  const shown = (state, cookie, challenge) => {
    const kept = new Transcript({ origin: "http://localhost:1", provider: "http://127.0.0.1:2", secret: SECRET });
    const url = `http://127.0.0.1:2/authorize?state=${state}&code_challenge=${challenge}`;
    kept.exchange({ method: "POST", path: "/", answer: { status: 200, headers: {}, setCookies: [`state=${sign(cookie)}`], json: { url }, text: "{}" } });
    return [...kept.steps[0].facts.values()].join(" ");
  };
  const [one, two] = [`${"a-_B".repeat(8)}`, letters("b")];
  const usual = shown(one, one, "A".repeat(43));
  assert.match(usual, /"<provider>\/authorize\?state=<state 1>&code_challenge=<challenge 1>".* state=<state 1>\.<signature>/);
  assert.equal(shown(two, two, "_".repeat(43)), usual);
  for (const other of [shown(one, two, "A".repeat(43)), shown("a".repeat(31), "a".repeat(31), "A".repeat(43)), shown(one, one, "A".repeat(42))]) {
    assert.notEqual(other, usual);
  }
});

test("tells of another row of the table instead of all its facts", () => {
  const differences = found((answers) => {
    answers[0] = { status: 401, headers: {}, setCookies: [], json: { message: "Unauthorized", code: "UNAUTHORIZED" } };
  });
  const seen = differences.filter(({ step }) => step === 1).map(({ fact, real, ours }) => [fact, real, ours]);
  assert.deepEqual(seen, [["answer", "200", "401 UNAUTHORIZED"]]);
});

test("sees what the client made of an answer only where the answers were alike", () => {
  const given = (json, result) => {
    const kept = new Transcript({ origin: "http://localhost:1", secret: SECRET, now: () => NOW });
    kept.exchange({ method: "POST", path: "/", answer: { status: 200, headers: {}, setCookies: [], json, text: JSON.stringify(json) } });
    kept.result(result);
    return kept;
  };
  const facts = (left, right) => differencesBetween("test", given(...left), given(...right)).map(({ step, fact }) => [step, fact]);
  const ada = { name: "Ada" };
  assert.deepEqual(facts([ada, { data: ada, error: null }], [{ name: "Eve" }, { data: { name: "Eve" }, error: null }]), [[1, "body.name"]]);
  assert.deepEqual(facts([ada, { data: ada, error: null }], [ada, { data: { name: "Eve" }, error: null }]), [[2, "data.name"]]);
  const refused = { message: "no", code: "NO" };
  assert.deepEqual(facts([ada, { data: ada, error: null }], [refused, { data: null, error: refused }]), [[1, "answer"]]);
});

test("tells what a listed difference explains from what nothing explains", () => {
  const differences = found(([answer]) => {
    answer.headers["x-extra"] = "1";
    answer.json.user.name = "Eve";
  });
  const listed = [
    { id: "extra", reason: "on purpose", explains: ({ fact }) => fact === "header x-extra" },
    { id: "stale", reason: "was once so", explains: ({ fact }) => fact === "header x-gone" },
  ];
  const { unexplained, used } = judge(differences, listed);
  assert.deepEqual(unexplained.map(({ fact, real, ours }) => [fact, real, ours]), [["body.user.name", '"Ada"', '"Eve"']]);
  assert.deepEqual([...used], ["extra"]);
});

test("knows which rows were shown, and tells of answers and rules that are no rows", () => {
  const rows = [{ id: "seen", isForClients: true }, { id: "claimed" }, { id: "missed", isForClients: true }];
  const coverage = new Coverage(rows, ({ answer }) => answer);
  const seen = { kind: "exchange", answer: "seen", rule: ["claimed", "invented"] };
  coverage.take("one", { steps: [seen, { kind: "result" }, { kind: "exchange", answer: "new" }] });
  assert.equal(coverage.exercised(), 2);
  assert.deepEqual(coverage.unexercised(), [rows[2]]);
  assert.deepEqual([coverage.heard(), coverage.unheard()], [1, [rows[2]]]);
  assert.deepEqual(coverage.unknown, ["invented (in one)", "new (in one)"]);
});

test("tells of a scenario that broke off", () => {
  const kept = transcript([]);
  kept.broke(new Error("no answer"));
  const coverage = new Coverage([], () => "");
  coverage.take("one", kept);
  assert.match(coverage.unknown[0], /one broke off: Error: no answer/);
});
