import { type FormEvent, useCallback, useEffect, useRef, useState } from "react";

import { type Task, TITLE_MAX, add, list, remove, toggle } from "./tasks";
import { inWords } from "./words";

export function TaskList() {
  const [tasks, setTasks] = useState<Task[]>();
  const [trouble, setTrouble] = useState<string>();
  const [said, setSaid] = useState("");
  const title = useRef<HTMLInputElement>(null);

  /** Does `work`, and says in words what went wrong. */
  const attempt = useCallback(async (work: () => Promise<void>) => {
    try {
      await work();
      setTrouble(undefined);
    } catch (error) {
      setTrouble(inWords(error));
    }
  }, []);

  // Another window may have changed them.
  useEffect(() => {
    const load = () => void attempt(async () => setTasks(await list()));
    const loadIfSeen = () => document.visibilityState === "visible" && load();
    load();
    addEventListener("online", load);
    document.addEventListener("visibilitychange", loadIfSeen);
    return () => {
      removeEventListener("online", load);
      document.removeEventListener("visibilitychange", loadIfSeen);
    };
  }, [attempt]);

  function submit(event: FormEvent) {
    event.preventDefault();
    const field = title.current!;
    void attempt(async () => {
      const made = await add(field.value);
      field.value = "";
      setTasks((known = []) => [made, ...known]);
    });
  }

  const turn = (task: Task) =>
    attempt(async () => {
      const turned = await toggle(task);
      setTasks((known) => known?.map((other) => (other.id === turned.id ? turned : other)));
    });

  const drop = (task: Task) =>
    attempt(async () => {
      await remove(task);
      setTasks((known) => known?.filter(({ id }) => id !== task.id));
      setSaid(`Deleted: ${task.title}`);
      title.current?.focus();
    });

  const open = tasks?.filter(({ done }) => !done).length;
  return (
    <section className="card" aria-labelledby="tasks">
      <div className="head">
        <h1 id="tasks">Your tasks</h1>
        {tasks && tasks.length > 0 && <p className="hint">{open === 0 ? "All done" : `${open} of ${tasks.length} to do`}</p>}
      </div>
      <form className="add" onSubmit={submit}>
        <label className="unseen" htmlFor="title">New task</label>
        <input id="title" ref={title} placeholder="What is to be done?" maxLength={TITLE_MAX} required autoComplete="off" />
        <button type="submit">Add</button>
      </form>
      {trouble && <p className="notice bad" role="alert">{trouble}</p>}
      <p className="unseen" role="status">{said}</p>
      {tasks?.length === 0 ? (
        <p className="empty">Nothing to do. Write down the first thing above.</p>
      ) : (
        <ul className="rows">
          {tasks?.map((task) => <Row key={task.id} task={task} turn={() => void turn(task)} drop={() => void drop(task)} />)}
        </ul>
      )}
    </section>
  );
}

function Row({ task, turn, drop }: { task: Task; turn(): void; drop(): void }) {
  return (
    <li className={task.done ? "done" : undefined}>
      <label>
        <input type="checkbox" checked={task.done} onChange={turn} />
        <span>{task.title}</span>
      </label>
      <button type="button" className="plain" aria-label={`Delete ${task.title}`} onClick={drop}>Delete</button>
    </li>
  );
}
