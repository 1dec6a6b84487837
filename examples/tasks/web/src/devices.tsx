import { useCallback, useEffect, useState } from "react";

import { authClient } from "./auth";
import { Trouble, type Refusal, inWords, refusalInWords } from "./words";

type Session = typeof authClient.$Infer.Session.session;

/** Where else one is signed in, and how to end that. An ended session's tokens are refused at once, however long they had. */
export function Devices({ current }: { current: string }) {
  const [sessions, setSessions] = useState<Session[]>();
  const [trouble, setTrouble] = useState<string>();
  const [said, setSaid] = useState<string>();

  const load = useCallback(async () => {
    try {
      setSessions(sorted(accepted(await authClient.listSessions()), current));
    } catch (error) {
      setTrouble(inWords(error));
    }
  }, [current]);

  useEffect(() => void load(), [load]);

  async function end(what: Promise<{ error: Refusal | null; data: unknown }>, done: string) {
    setTrouble(undefined);
    try {
      accepted(await what);
      await load();
      setSaid(done);
    } catch (error) {
      setTrouble(inWords(error));
    }
  }

  return (
    <section className="card" aria-labelledby="devices">
      <div className="head">
        <h1 id="devices">Your devices</h1>
        {sessions && sessions.length > 1 && (
          <button type="button" className="plain" onClick={() => void end(authClient.revokeOtherSessions(), "All other devices are signed out.")}>
            Sign out everywhere else
          </button>
        )}
      </div>
      {trouble && <p className="notice bad" role="alert">{trouble}</p>}
      {said && <p className="notice" role="status">{said}</p>}
      <ul className="rows">
        {sessions?.map((session) => (
          <Row
            key={session.id}
            session={session}
            isCurrent={session.id === current}
            end={() => void end(authClient.revokeSession({ token: session.token }), "That device is signed out.")}
          />
        ))}
      </ul>
    </section>
  );
}

function Row({ session, isCurrent, end }: { session: Session; isCurrent: boolean; end(): void }) {
  const [name, since] = [device(session.userAgent), when(session.createdAt)];
  return (
    <li>
      <div>
        <strong>{name}</strong>
        {isCurrent && <span className="badge">this device</span>}
        <p className="hint">
          Signed in {since}
          {session.ipAddress && ` from ${session.ipAddress}`}
        </p>
      </div>
      {!isCurrent && (
        <button type="button" className="plain" aria-label={`Sign out ${name}, signed in ${since}`} onClick={end}>Sign out</button>
      )}
    </li>
  );
}

/** @throws {Trouble} in words, where Better Auth's client answers an error. */
function accepted<T>({ data, error }: { data: T | null; error: Refusal | null }): T {
  if (error) throw new Trouble(refusalInWords(error));
  return data as T;
}

/** This device first, then the newest. */
const sorted = (sessions: Session[], current: string) =>
  sessions.toSorted((a, b) => Number(b.id === current) - Number(a.id === current) || +b.createdAt - +a.createdAt);

const when = (date: Date) => new Date(date).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Names that come first are also in the text of those that come later. */
const BROWSERS = { "Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari", "curl/": "curl" };
const SYSTEMS = { Android: "Android", iPhone: "iPhone", iPad: "iPad", Windows: "Windows", "Mac OS X": "macOS", Linux: "Linux" };

function device(userAgent: string | null | undefined): string {
  const named = (names: Record<string, string>) => Object.entries(names).find(([mark]) => userAgent?.includes(mark))?.[1];
  const [browser, system] = [named(BROWSERS), named(SYSTEMS)];
  return browser && system ? `${browser} on ${system}` : (browser ?? system ?? "An unknown device");
}
