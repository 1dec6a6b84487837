// PyJWT, in a virtual environment of its own that is made on first use.
import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const ENVIRONMENT = path("../.venv");

/** A running PyJWT: `ask` answers one request of `tokens.py` after the other. */
export function startPyJwt() {
  install();
  const child = spawn(`${ENVIRONMENT}/bin/python`, [path("tokens.py")], { stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await answers.next();
      if (done) throw new Error("tokens.py ended");
      return JSON.parse(value);
    },
    stop: () => child.stdin.end(),
  };
}

function install() {
  if (existsSync(`${ENVIRONMENT}/installed`)) return;
  console.log(`installing PyJWT into ${ENVIRONMENT}`);
  execFileSync("python3", ["-m", "venv", ENVIRONMENT], { stdio: "inherit" });
  execFileSync(`${ENVIRONMENT}/bin/pip`, ["install", "--quiet", "--requirement", path("requirements.txt")], { stdio: "inherit" });
  execFileSync("touch", [`${ENVIRONMENT}/installed`]);
}
