import { useCountersign } from "@countersign/client/react";
import { type ReactNode, useEffect, useRef } from "react";

import { authClient, countersign } from "./auth";
import { Account } from "./account";
import { Devices } from "./devices";
import { usePage } from "./page";
import { TaskList } from "./task-list";
import { TokenLine } from "./token-line";
import { Welcome } from "./welcome";

export function App() {
  const { data, isPending, error, refetch } = authClient.useSession();
  const { reason } = useCountersign(countersign);
  const page = usePage();

  // Once the server has answered, asking again is no reason to take a half-filled form away.
  const isKnown = useRef(false);
  const wasHere = useRef(false);
  isKnown.current ||= !isPending && !error;
  wasHere.current ||= data !== null;

  // Who has signed up is not shown that form again after signing out.
  const isThrough = data !== null && page.startsWith("sign-");
  useEffect(() => void (isThrough && location.replace("#/")), [isThrough]);

  if (data) {
    return (
      <Shell account={<Account name={data.user.name} page={page} />} foot={<TokenLine />}>
        {reason === "offline" && <p className="notice wait" role="status">The server is not reached. You stay signed in, and can go on when it is back.</p>}
        {reason === "busy" && <p className="notice wait" role="status">The server is busy. You stay signed in.</p>}
        {page === "devices" ? <Devices current={data.session.id} /> : <TaskList />}
      </Shell>
    );
  }
  return (
    <Shell>
      {isKnown.current ? (
        <Welcome page={page} wasHere={wasHere.current} />
      ) : isPending ? (
        <p className="card quiet" role="status">One moment…</p>
      ) : (
        <section className="card narrow">
          <h1>The server is not reached</h1>
          <p>Whether you are signed in is not known. Check the connection.</p>
          <button type="button" onClick={() => void refetch()}>Try again</button>
        </section>
      )}
    </Shell>
  );
}

function Shell({ account, foot, children }: { account?: ReactNode; foot?: ReactNode; children: ReactNode }) {
  return (
    <>
      <header className="top">
        <a className="brand" href="#/">
          <img src={`${import.meta.env.BASE_URL}mark.svg`} alt="" width="30" height="30" />
          To do
        </a>
        {account}
      </header>
      <main>{children}</main>
      <footer>{foot}</footer>
    </>
  );
}
