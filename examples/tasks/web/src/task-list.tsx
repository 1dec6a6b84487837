import { type FormEvent, useCallback, useEffect, useRef, useState } from "react";

import { type Task, TITLE_MAX, add, list, remove, toggle } from "./tasks";
import { inWords } from "./words";

export function TaskList() {
  const [tasks, setTasks] = useState<Task[]>();
  const [trouble, setTrouble] = useState<string>();
  const [said, setSaid] = useState("");
  const title = useRef<HTMLInputElement>(null);
  const asked = useRef(0);

  /** Does `work`, and says in words what went wrong. */
  const attempt = useCallback(async (work: () => Promise<void>) => {
    try {
      await work();
      setTrouble(undefined);
    } catch (error) {
      setTrouble(inWords(error));
    }
  }, []);

  /** Shows what the server has. An answer that a newer question has overtaken is old news. */
  const load = useCallback(async () => {
    const question = ++asked.current;
    const answer = await list();
    if (question === asked.current) setTasks(answer);
  }, []);

  // Another window may have changed them.
  useEffect(() => {
    const look = () => void attempt(load);
    const lookIfSeen = () => document.visibilityState === "visible" && look();
    look();
    addEventListener("online", look);
    document.addEventListener("visibilitychange", lookIfSeen);
    return () => {
      removeEventListener("online", look);
      document.removeEventListener("visibilitychange", lookIfSeen);
    };
  }, [attempt, load]);

  /** Changes what the server has, and shows it. */
  const change = (work: () => Promise<unknown>) =>
    attempt(async () => {
      await work();
      await load();
    });

  function submit(event: FormEvent) {
    event.preventDefault();
    const field = title.current!;
    const wanted = field.value;
    void change(async () => {
      await add(wanted);
      // Unless the next one is being written by now.
      if (field.value === wanted) field.value = "";
    });
  }

  const turn = (task: Task) => change(() => toggle(task));

  const drop = (task: Task) =>
    change(async () => {
      await remove(task);
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
