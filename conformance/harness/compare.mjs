// Lays two transcripts side by side.

/**
 * Every fact that is not the same on both sides, as `{ scenario, step, method, path, fact, real, ours }`.
 *
 * Where the answers themselves are other rows of the table, that is the one difference of the step: its fact is
 * `answer`, and `real` and `ours` are in the words of the table, such as `200` and `401 UNAUTHORIZED`.
 */
export function differencesBetween(scenario, real, ours) {
  const found = [];
  for (let index = 0; index < Math.max(real.steps.length, ours.steps.length); index++) {
    const [left, right] = [real.steps[index], ours.steps[index]];
    const place = { scenario, step: index + 1, ...describe(left ?? right) };
    if (left === undefined || right === undefined) {
      found.push({ ...place, fact: "step", real: left ? "taken" : "absent", ours: right ? "taken" : "absent" });
      continue;
    }
    if (left.answer !== right.answer) {
      found.push({ ...place, fact: "answer", real: left.answer, ours: right.answer });
      continue;
    }
    for (const fact of new Set([...left.facts.keys(), ...right.facts.keys()])) {
      const [one, other] = [left.facts.get(fact) ?? "absent", right.facts.get(fact) ?? "absent"];
      if (one !== other) found.push({ ...place, fact, real: one, ours: other });
    }
  }
  return found;
}

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
