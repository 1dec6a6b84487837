// What a network does to those who talk through it.
import { connect, createServer } from "node:net";

/** A way to a port of loopback. It can be cut, where whoever comes is sent away, and held, where nobody is answered. */
export async function proxyTo(port) {
  const open = new Set();
  let state = "open";
  const server = createServer((near) => {
    if (state === "cut") return near.destroy();
    keep(near);
    if (state === "held") return;
    const far = connect(port, "127.0.0.1");
    keep(far);
    for (const [one, other] of [[near, far], [far, near]]) {
      one.pipe(other);
      one.on("close", () => other.destroy());
    }
  });
  function keep(socket) {
    open.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => open.delete(socket));
  }
  const drop = () => open.forEach((socket) => socket.destroy());
  await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  return {
    port: server.address().port,
    /** How many are on the way. */
    get open() {
      return open.size;
    },
    cut() {
      state = "cut";
      drop();
    },
    hold: () => void (state = "held"),
    mend: () => void (state = "open"),
    close: () => (drop(), server.close()),
  };
}
