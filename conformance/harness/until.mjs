// Waiting for what must come.

/** How long is waited, however busy the machine is, in milliseconds. */
export const PATIENCE_MS = 60_000;

/** Asks again and again, one question at a time. `seen` says what was seen instead, if it does not come true in time. */
export async function until(what, condition, { seen = () => "", patience = PATIENCE_MS } = {}) {
  const deadline = Date.now() + patience;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not in time: ${what} ${JSON.stringify(seen())}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
