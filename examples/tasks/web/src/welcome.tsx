import { useCountersign } from "@countersign/client/react";
import { type FormEvent, type ReactNode, useState } from "react";

import { authClient, countersign } from "./auth";
import { type Refusal, farewell, inWords, refusalInWords } from "./words";

/** For who is not signed in; `wasHere`: any more. */
export function Welcome({ page, wasHere }: { page: string; wasHere: boolean }) {
  const state = useCountersign(countersign);
  const why = wasHere && farewell(state);
  return (
    <div className="narrow">
      {why && <p className="notice" role="status">{why}</p>}
      {page === "sign-up" ? <SignUp /> : <SignIn />}
    </div>
  );
}

function SignIn() {
  const signIn = ({ email, password }: Entered) => authClient.signIn.email({ email, password });
  return (
    <Form key="sign-in" title="Sign in" verb="Sign in" send={signIn} other={<>No account yet? <a href="#/sign-up">Create one</a></>}>
      <Field name="email" label="E-mail address" type="email" autoComplete="username" autoFocus />
      <Field name="password" label="Password" type="password" autoComplete="current-password" />
    </Form>
  );
}

function SignUp() {
  const signUp = (entered: Entered) => authClient.signUp.email(entered);
  return (
    <Form key="sign-up" title="Create an account" verb="Create account" send={signUp} other={<>Been here before? <a href="#/sign-in">Sign in</a></>}>
      <Field name="name" label="Name" autoComplete="name" autoFocus />
      <Field name="email" label="E-mail address" type="email" autoComplete="username" />
      <Field name="password" label="Password" type="password" autoComplete="new-password" minLength={8} maxLength={128} hint="At least 8 characters. A few unrelated words are good." />
    </Form>
  );
}

interface Entered {
  name: string;
  email: string;
  password: string;
}

interface FormProps {
  title: string;
  verb: string;
  send(entered: Entered): Promise<{ error: Refusal | null }>;
  other: ReactNode;
  children: ReactNode;
}

/** Sends what was entered, once at a time. Where that succeeds `useSession` notices, and another page is shown. */
function Form({ title, verb, send, other, children }: FormProps) {
  const [isSending, setSending] = useState(false);
  const [trouble, setTrouble] = useState<string>();

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (isSending) return;
    const entered = Object.fromEntries(new FormData(event.currentTarget)) as unknown as Entered;
    setSending(true);
    setTrouble(undefined);
    try {
      const { error } = await send(entered);
      if (error) setTrouble(refusalInWords(error));
    } catch (error) {
      setTrouble(inWords(error));
    } finally {
      setSending(false);
    }
  }

  return (
    <form className="card" onSubmit={(event) => void submit(event)} aria-busy={isSending}>
      <h1>{title}</h1>
      {trouble && <p className="notice bad" role="alert">{trouble}</p>}
      {children}
      <button type="submit" aria-disabled={isSending}>{isSending ? "One moment…" : verb}</button>
      <p className="aside">{other}</p>
    </form>
  );
}

interface FieldProps {
  name: keyof Entered;
  label: string;
  type?: string;
  autoComplete: string;
  autoFocus?: boolean;
  minLength?: number;
  maxLength?: number;
  hint?: string;
}

function Field({ name, label, hint, type = "text", ...rest }: FieldProps) {
  return (
    <div className="field">
      <label htmlFor={name}>{label}</label>
      <input id={name} name={name} type={type} required aria-describedby={hint && `${name}-hint`} {...rest} />
      {hint && <p className="hint" id={`${name}-hint`}>{hint}</p>}
    </div>
  );
}
