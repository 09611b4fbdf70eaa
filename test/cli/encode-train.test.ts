// `tessera encode train` on the built command line: from texts to an encoder, stopped and gone on with, and what it refuses.

import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { toyPairs } from "../text/toy-pairs.ts";
import { own, runBuilt, workingFolder, type Ended } from "./built.ts";

const folder = workingFolder();
const train = (parameters: string[], onError?: (text: string, kill: () => void) => void): Promise<Ended> =>
  runBuilt(folder, ["encode", "train", ...parameters], onError);
const file = (...parts: string[]): Buffer => readFileSync(join(folder, ...parts));

beforeAll(() => {
  const line = ({ query, document }: (typeof toyPairs)[number], i: number): string =>
    JSON.stringify({ id: `text-${i}`, title: query, contents: document });
  writeFileSync(join(folder, "texts.jsonl"), toyPairs.map(line).join("\n"));
  writeFileSync(join(folder, "more.jsonl"), [...toyPairs.map(line), '{"id":"text-1"}', "nothing"].join("\n"));
});

const small = ["--vocabulary", "80", "--width", "16", "--batch", "16", "--held-out", "12", "--epochs", "4"];

test("trains an encoder with its vocabulary, shows what it finds, and goes on from where it was stopped", async () => {
  const whole = await train(["texts.jsonl", "--out", "whole", ...small]);
  expect(own(whole.errors)).toMatch(
    /bag, \d+ word pieces, vectors of 16 numbers: [\d,]+ weights; 52 pairs to learn from, 12 held out, 3 steps of 16 an epoch/,
  );
  expect(whole.errors).toMatch(
    /epoch 4\/4: loss \d\.\d{4}, in the batch own text first \d+\.\d %; held out: own text first \d+\.\d %, MRR [01]\.\d{3}\n {2}\w+ .*\n {4}[* ] the object\d/,
  );
  expect(whole.code).toBe(0);
  expect(whole.output).toMatch(
    /^encoder of epoch \d in whole, MRR [01]\.\d{3} on 12 pairs held out, after \d+ s\nIndex texts with it: tessera index texts\.jsonl --model whole --out INDEX\n$/,
  );
  expect(existsSync(join(folder, "whole", "tokenizer.json"))).toBe(true);
  let killed = false;
  const stopped = await train(
    ["texts.jsonl", "--out", "stopped", ...small, "--checkpoint-every", "1steps"],
    (text, kill) => {
      if (killed || !text.includes("epoch 1/4")) return;
      killed = true;
      kill();
    },
  );
  expect(stopped.code).toBe(130);
  expect(stopped.output).toBe("stopped; go on with: tessera encode train texts.jsonl --resume stopped\n");
  const resumed = await train(["texts.jsonl", "--resume", "stopped", "--json"]);
  expect(resumed.code).toBe(0);
  expect(JSON.parse(resumed.output)).toMatchObject({ task: "text encoder", epochs: 4, interrupted: false });
  for (const name of ["model.safetensors", "metrics.jsonl", "tokenizer.json", "encoder.json"]) {
    expect(file("stopped", name).equals(file("whole", name)), name).toBe(true);
  }
  // Further, with what it has learned, from a file with lines that are none.
  const parameters = [
    "more.jsonl",
    "--skip-bad",
    "--init",
    "whole",
    "--out",
    "further",
    "--steps",
    "1",
    "--batch",
    "16",
  ];
  const further = await train(parameters);
  expect(own(further.errors)).toContain("2 lines left out, the first: more.jsonl: line 65: ");
  expect(further.code).toBe(0);
  expect(file("further", "tokenizer.json").equals(file("whole", "tokenizer.json"))).toBe(true);
  // Killed before its first checkpoint, it begins again with what it began with, and with nothing else.
  const killedEarly = (name: string): void => {
    cpSync(join(folder, "further"), join(folder, name), { recursive: true });
    for (const part of ["checkpoint.safetensors", "model.safetensors", "summary.json"])
      rmSync(join(folder, name, part));
  };
  killedEarly("early");
  killedEarly("late");
  expect((await train(["more.jsonl", "--resume", "early"])).code).toBe(0);
  for (const name of ["model.safetensors", "metrics.jsonl"])
    expect(file("early", name).equals(file("further", name)), name).toBe(true);
  writeFileSync(join(folder, "whole", "model.safetensors"), file("further", "model.safetensors"));
  const refused = await train(["more.jsonl", "--resume", "late"]);
  expect(own(refused.errors)).toContain(
    "--resume late: was killed before its first checkpoint, and the encoder that it began with, in ",
  );
  expect(refused.code).toBe(2);
});

test.each<[string[], string]>([
  [["texts.jsonl"], "required option '--out <folder>' not specified"],
  [["texts.jsonl", "--out", "x", "--pairs", "heading:contents"], 'line 1: has no "heading"'],
  [
    ["texts.jsonl", "--out", "x", "--pairs", "contents"],
    '--pairs "contents": takes the keys of the query and of the text, such as title:contents',
  ],
  [["more.jsonl", "--out", "x"], "more.jsonl: line 65: "],
  [
    ["texts.jsonl", "--out", "x", "--batch", "65"],
    "a batch of 65 needs as many pairs to train on, and there are 61 pairs",
  ],
  [
    ["texts.jsonl", "--out", "x", "--layers", "2"],
    "--layers and --heads are of a transformer; add --encoder transformer",
  ],
  [
    ["texts.jsonl", "--out", "x", "--init", "y", "--width", "8"],
    "--init takes the encoder as it is: --width cannot be given with it",
  ],
  [
    ["texts.jsonl", "--out", "x", "--encoder", "transformer", "--width", "10", "--heads", "4"],
    "width must be a multiple of the 4 heads",
  ],
  [
    ["texts.jsonl", "--resume", "whole", "--batch", "8"],
    "--resume goes on as the run was begun: --batch cannot be given with it",
  ],
  [["texts.jsonl", "--out", "whole"], "--out whole: the folder is not empty"],
])("%s is refused in one line, with code 2", async (parameters, message) => {
  const { code, errors } = await train([...parameters, "--device", "reference"]);
  const lines = own(errors).split("\n");
  expect(lines.at(-1)).toContain(message);
  expect(lines.at(-1)).toMatch(/^error: /);
  expect(code).toBe(2);
});
