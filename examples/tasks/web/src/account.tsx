import { useState } from "react";

import { authClient } from "./auth";
import { inWords, refusalInWords } from "./words";

/** Who is signed in, where to go, and the way out. */
export function Account({ name, page }: { name: string; page: string }) {
  const [trouble, setTrouble] = useState<string>();

  async function signOut() {
    setTrouble(undefined);
    // The helper forgets the token, in every tab, before this is sent.
    const { error } = await authClient.signOut().catch((cause) => ({ error: { status: 0, message: inWords(cause) } }));
    if (error) setTrouble(`The session lives on. ${refusalInWords(error)}`);
  }

  return (
    <>
      <nav aria-label="Pages">
        <a href="#/" aria-current={page === "devices" ? undefined : "page"}>Tasks</a>
        <a href="#/devices" aria-current={page === "devices" ? "page" : undefined}>Devices</a>
      </nav>
      <div className="who">
        <span className="name" title={name}>{name}</span>
        <button type="button" className="plain" onClick={() => void signOut()}>Sign out</button>
      </div>
      {trouble && <p className="notice bad" role="alert">{trouble}</p>}
    </>
  );
}
