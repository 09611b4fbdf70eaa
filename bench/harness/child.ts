// A process that answers questions, one at a time: a version of Tessera, or a peer that may take too long.

import { fork } from "node:child_process";

/** What a process did not do, or that it ended. */
export class ChildError extends Error {
  override readonly name = "ChildError";
}

/** A process was ended because it took longer than it may. */
export class TimeLimitError extends Error {
  override readonly name = "TimeLimitError";
}

/** What every answer may be instead of what was asked for. */
interface Failure {
  readonly error?: string;
}

export interface Child<Request extends object, Answer> {
  readonly name: string;
  /**
   * @param limit seconds after which the process is ended; default: it is waited for
   * @throws ChildError when it cannot do it, or has ended
   * @throws TimeLimitError when it takes longer than the limit
   */
  ask(request: Request, limit?: number): Promise<Answer>;
  /** Ends the process. */
  close(): void;
}

/**
 * Starts a process.
 *
 * @param program a file that calls `answerQuestions`
 * @param words its parameters
 * @param name for errors
 * @throws ChildError when it ends before it is ready
 */
export async function openChild<Request extends object, Answer>(
  program: string,
  words: readonly string[],
  name: string,
): Promise<Child<Request, Answer>> {
  // Results are typed arrays, which JSON does not carry.
  const child = fork(program, [...words], { serialization: "advanced" });
  let waiting: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;
  const next = (): Promise<Answer> =>
    new Promise((resolve, reject) => {
      if (child.exitCode !== null || child.signalCode !== null)
        reject(new ChildError(`the process of ${name} has ended`));
      waiting = { resolve, reject };
    });
  child.on("message", (answer: Answer & Failure) => {
    if (answer.error === undefined) waiting?.resolve(answer);
    else waiting?.reject(new ChildError(answer.error));
  });
  child.on("exit", (code, signal) =>
    waiting?.reject(
      new ChildError(`the process of ${name} ended (${signal ?? `exit code ${String(code)}`})`),
    ),
  );
  // Nobody is there any more to send a question to.
  child.on("error", ({ message }) => waiting?.reject(new ChildError(`the process of ${name}: ${message}`)));
  await next();
  return {
    name,
    async ask(request, limit) {
      const answer = next();
      child.send(request);
      const late = setTimeout(
        () => {
          waiting?.reject(new TimeLimitError(`${name} took longer than ${String(limit)} s`));
          child.kill("SIGKILL");
        },
        limit === undefined ? 2 ** 31 - 1 : 1000 * limit,
      );
      try {
        return await answer;
      } finally {
        clearTimeout(late);
      }
    },
    close() {
      if (child.connected) child.disconnect();
    },
  };
}

/** In the process itself: answers what comes, and ends when nobody is there to ask any more. */
export function answerQuestions(answer: (request: unknown) => Promise<object>): void {
  process.on("message", (request: unknown) => {
    answer(request).then(
      (ready) => process.send?.(ready),
      (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
    );
  });
  process.on("disconnect", () => process.exit(0));
  process.send?.({});
}
