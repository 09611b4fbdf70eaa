// The process of one version, as the run that compares them sees it.

import { fork } from "node:child_process";
import { join } from "node:path";
import type { Answer, Request } from "./side.ts";

/** A version cannot do a work, or its process ended. */
export class SideError extends Error {
  override readonly name = "SideError";
}

export interface Side {
  /** The version, for errors. */
  readonly name: string;
  /** @throws SideError when the version cannot do it */
  ask(request: Request): Promise<Answer>;
  close(): void;
}

/**
 * Starts a version's process.
 *
 * @param compiled where the compiled benchmark lies (see `layOut`)
 * @param name the version
 * @throws SideError when it ends before it is ready
 */
export async function openSide(compiled: string, name: string): Promise<Side> {
  // Results are typed arrays, which JSON does not carry.
  const child = fork(join(compiled, "against", "side.js"), [], { serialization: "advanced" });
  let waiting: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;
  const next = (): Promise<Answer> =>
    new Promise((resolve, reject) => {
      if (child.exitCode !== null) reject(new SideError(`the process of ${name} has ended`));
      waiting = { resolve, reject };
    });
  child.on("message", (answer: Answer) => {
    if (answer.error === undefined) waiting?.resolve(answer);
    else waiting?.reject(new SideError(answer.error));
  });
  child.on("exit", (code, signal) =>
    waiting?.reject(new SideError(`the process of ${name} ended (${signal ?? `exit code ${String(code)}`})`)),
  );
  await next();
  return {
    name,
    ask(request) {
      const answer = next();
      child.send(request);
      return answer;
    },
    close() {
      if (child.connected) child.disconnect();
    },
  };
}
