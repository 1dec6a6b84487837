// Lays two transcripts side by side.

/**
 * Every fact that is not the same on both sides, as `{ scenario, step, method, path, fact, real, ours }`.
 *
 * Where the answers themselves are other rows of the table, that is the one difference of the step: its fact is
 * `answer`, and `real` and `ours` are in the words of the table, such as `200` and `401 UNAUTHORIZED`. What the official client
 * made of an answer is the same difference, not another.
 */
export function differencesBetween(scenario, real, ours) {
  const found = [];
  let answered = [];
  for (let index = 0; index < Math.max(real.steps.length, ours.steps.length); index++) {
    const [left, right] = [real.steps[index], ours.steps[index]];
    const { kind } = left ?? right;
    let facts = differing(left, right);
    if (kind === "exchange") answered = facts.map(({ fact }) => fact);
    if (kind === "result") facts = facts.filter(({ fact }) => !answered.includes("answer") && !answered.includes(inTheBody(fact)));
    found.push(...facts.map((difference) => ({ scenario, step: index + 1, ...describe(left ?? right), ...difference })));
  }
  return found;
}

/** What one step is on one side and not on the other. */
function differing(left, right) {
  if (left === undefined || right === undefined) {
    return [{ fact: "step", real: left ? "taken" : "absent", ours: right ? "taken" : "absent" }];
  }
  if (left.answer !== right.answer) return [{ fact: "answer", real: left.answer, ours: right.answer }];
  const said = ({ facts }, fact) => facts.get(fact) ?? "absent";
  return [...new Set([...left.facts.keys(), ...right.facts.keys()])]
    .map((fact) => ({ fact, real: said(left, fact), ours: said(right, fact) }))
    .filter(({ real, ours }) => real !== ours);
}

/** Where the client has a fact from. */
const inTheBody = (fact) => fact.replace(/^(data|error)/, "body");

function describe({ kind, method, path, label }) {
  if (kind === "exchange") return { method, path };
  return { method: kind, path: label ?? "" };
}

/** Splits differences into those that an entry of `listed` explains and the rest; says which entries explained any. */
export function judge(differences, listed) {
  const unexplained = [];
  const used = new Set();
  for (const difference of differences) {
    const entry = listed.find(({ explains }) => explains(difference));
    if (entry) used.add(entry.id);
    else unexplained.push(difference);
  }
  return { unexplained, used };
}
