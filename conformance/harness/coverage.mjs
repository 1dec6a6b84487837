// Which rows of the table the scenarios have shown.

export class Coverage {
  /** What scenarios showed or claimed that the table does not know. */
  unknown = [];
  #rows;
  #rowOfAnswer;
  #seen = new Set();
  #heard = new Set();

  /** `rowOfAnswer` names the row that an exchange exercises by its answer. */
  constructor(rows, rowOfAnswer) {
    this.#rows = new Map(rows.map((row) => [row.id, row]));
    this.#rowOfAnswer = rowOfAnswer;
  }

  /** Takes note of all rows that the transcript of the real server exercises. */
  take(scenario, { steps }) {
    for (const [index, step] of steps.entries()) {
      if (step.kind === "exchange") this.#mark(scenario, this.#rowOfAnswer(step));
      if (step.kind === "result") this.#heard.add(this.#rowOfAnswer(steps[index - 1]));
      for (const rule of [step.rule ?? []].flat()) this.#mark(scenario, rule);
      if (step.label === "broke off") this.unknown.push(`${scenario} broke off: ${step.facts.get("broke off")}`);
    }
  }

  /** How many rows were exercised. */
  exercised() {
    return this.#seen.size;
  }

  /** The rows that were not. */
  unexercised() {
    return [...this.#rows.values()].filter(({ id }) => !this.#seen.has(id));
  }

  /** How many of the answers were given to the official client. */
  heard() {
    return this.#heard.size;
  }

  /** Those that it should have been given and was not. */
  unheard() {
    return [...this.#rows.values()].filter(({ id, isForClients }) => isForClients && !this.#heard.has(id));
  }

  #mark(scenario, id) {
    if (this.#rows.has(id)) this.#seen.add(id);
    else this.unknown.push(`${id} (in ${scenario})`);
  }
}
