// The API of `examples/tasks`, as the page uses it.
import { authFetch } from "./auth";
import { Trouble } from "./words";

export interface Task {
  id: string;
  title: string;
  done: boolean;
}

/** The longest title the API takes, in characters. */
export const TITLE_MAX = 200;

export const list = () => ask<Task[]>("/tasks");
export const add = (title: string) => ask<Task>("/tasks", { method: "POST", ...json({ title }) });
export const toggle = ({ id }: Task) => ask<Task>(`/tasks/${id}/toggle`, { method: "POST" });
export const remove = ({ id }: Task) => ask<void>(`/tasks/${id}`, { method: "DELETE" });

const json = (body: object) => ({ headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

/** @throws {Trouble} in words, where the API said no; what `authFetch` throws, where it was not reached. */
async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  const answer = await authFetch(path, init);
  if (answer.ok) return (answer.status === 204 ? undefined : await answer.json()) as T;
  if (answer.status === 401) throw new Trouble("You are not signed in any more.");
  if (answer.status === 404) throw new Trouble("That task is gone. It may have been deleted in another window.");
  if (answer.status === 422) throw new Trouble(`A task needs a title of 1 to ${TITLE_MAX} characters.`);
  throw new Trouble("The task list cannot be reached right now. Please try again in a moment.");
}
