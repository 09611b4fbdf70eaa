// Chromium by its own protocol, over two pipes: a page is opened, keys are pressed, values are read. No package is needed.

import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly request?: { readonly url: string } };
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

export interface Page {
  /** The value of an expression, once it is settled. */
  evaluate(expression: string): Promise<unknown>;
  press(key: "Enter" | "Tab" | " "): Promise<void>;
  /** Every address that the page has asked for. */
  readonly requests: readonly string[];
}

export class Chromium {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  readonly #requests: string[] = [];
  #calls = 0;

  constructor(program: string) {
    this.#folder = mkdtempSync(join(tmpdir(), "tessera-chromium-"));
    const options = [
      ...["--headless=new", "--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
      ...["--no-first-run", `--user-data-dir=${this.#folder}`, "--remote-debugging-pipe", "about:blank"],
    ];
    const stdio = ["ignore", "ignore", "ignore", "pipe", "pipe"] as const;
    this.#child = spawn(program, options, { stdio: [...stdio], detached: true });
    let read = "";
    (this.#child.stdio[4] as Readable).setEncoding("utf8").on("data", (text: string) => {
      const parts = (read + text).split("\0");
      read = parts.pop() ?? "";
      for (const part of parts) this.#take(JSON.parse(part) as Message);
    });
    this.#child.on("exit", (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${program} ended with ${code}`));
    });
  }

  #take({ id, method, params, result, error }: Message): void {
    if (method === "Network.requestWillBeSent") this.#requests.push(params?.request?.url ?? "");
    const waiting = this.#waiting.get(id ?? -1);
    this.#waiting.delete(id ?? -1);
    if (error !== undefined) waiting?.reject(new Error(error.message));
    else waiting?.resolve(result);
  }

  #call(method: string, params: object, sessionId?: string): Promise<unknown> {
    const id = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      (this.#child.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  /** Opens a page. @param before a program that runs in it before its own */
  async open(url: string, before = ""): Promise<Page> {
    const { targetId } = (await this.#call("Target.createTarget", { url: "about:blank" })) as {
      targetId: string;
    };
    const attached = await this.#call("Target.attachToTarget", { targetId, flatten: true });
    const { sessionId } = attached as { sessionId: string };
    const call = (method: string, params: object = {}): Promise<unknown> =>
      this.#call(method, params, sessionId);
    await call("Page.enable");
    await call("Network.enable");
    await call("Page.addScriptToEvaluateOnNewDocument", { source: before });
    this.#requests.length = 0;
    await call("Page.navigate", { url });
    return {
      requests: this.#requests,
      evaluate: async (expression) => {
        const evaluated = await call("Runtime.evaluate", {
          expression,
          awaitPromise: true,
          returnByValue: true,
        });
        const { result, exceptionDetails } = evaluated as {
          result: { value?: unknown };
          exceptionDetails?: { text: string; exception?: { description?: string } };
        };
        if (exceptionDetails === undefined) return result.value;
        throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      },
      press: async (key) => {
        const text = key === "Enter" ? "\r" : key;
        const windowsVirtualKeyCode = { Enter: 13, Tab: 9, " ": 32 }[key];
        const typed = key === "Tab" ? {} : { text };
        await call("Input.dispatchKeyEvent", { type: "keyDown", key, windowsVirtualKeyCode, ...typed });
        await call("Input.dispatchKeyEvent", { type: "keyUp", key, windowsVirtualKeyCode });
      },
    };
  }

  close(): void {
    this.#child.removeAllListeners("exit");
    // A browser is many processes: all of this one's group end.
    if (this.#child.pid !== undefined) process.kill(-this.#child.pid, "SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}
