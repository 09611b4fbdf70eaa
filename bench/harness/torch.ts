// PyTorch on the CPU, in a process of its own: requests and answers are lines of JSON, arrays are files. A run costs
// one line each way, some tenths of a millisecond, which its time includes.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { HostInput } from "./data.ts";
import type { PeerModule, Subject } from "./work.ts";

interface Answer {
  /** Files of float32 values, for `results`. */
  readonly files?: readonly string[];
  readonly error?: string;
}

export class TorchPeer implements PeerModule {
  readonly version: string;
  readonly works = [
    "matmul",
    "conv2d",
    "conv2dAndGradients",
    "conv2dInputGradient",
    "conv2dWeightGradient",
    "batchMoments",
    "densenet",
    "densenet121",
    "densenet121-assemble",
    "unet",
    "convnet",
    "encoder",
  ];
  readonly #python: string;
  readonly #script: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "tessera-torch-"));
  #process: ChildProcess | undefined;
  #lines: AsyncIterator<string> | undefined;
  #opened = 0;

  constructor(version: string, python: string, script: string) {
    this.version = version;
    this.#python = python;
    this.#script = script;
  }

  async open(
    work: string,
    inputs: readonly HostInput[],
    options: Readonly<Record<string, unknown>>,
  ): Promise<Subject> {
    const handle = `work${++this.#opened}`;
    const arrays = inputs.map(({ data, shape }, i) => {
      const file = join(this.#folder, `${handle}-${i}.f32`);
      writeFileSync(file, Float32Array.from(data as ArrayLike<number>));
      return { file, shape };
    });
    await this.#ask({ do: "open", handle, work, arrays, options });
    return {
      results: async () => {
        const { files = [] } = await this.#ask({ do: "results", handle, folder: this.#folder });
        return files.map((file) => {
          const bytes = readFileSync(file);
          return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
        });
      },
      run: async () => {
        await this.#ask({ do: "run", handle });
      },
      dispose: async () => {
        await this.#ask({ do: "dispose", handle });
      },
    };
  }

  async close(): Promise<void> {
    if (this.#process !== undefined) {
      const ended = once(this.#process, "exit");
      this.#process.stdin?.end();
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #ask(request: object): Promise<Answer> {
    if (this.#process === undefined || this.#lines === undefined) {
      this.#process = spawn(this.#python, [this.#script], { stdio: ["pipe", "pipe", "inherit"] });
      const { stdout } = this.#process;
      if (stdout === null) throw new Error("python gave no output stream");
      this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
    }
    this.#process.stdin?.write(`${JSON.stringify(request)}\n`);
    const line = await this.#lines.next();
    if (line.done === true) throw new Error("python ended; see its message above");
    const answer = JSON.parse(line.value) as Answer;
    if (answer.error !== undefined) throw new Error(`torch: ${answer.error}`);
    return answer;
  }
}
