// The worker: opens the device, draws, trains, classifies. One thing at a time; "stop" ends what is under way.

import { openEngine, type Engine } from "tessera";
import { modelBytes } from "tessera/assemble";
import type { Adapter, Request, Setup, Told } from "../protocol.ts";
import { classify } from "./classify.ts";
import { Keeper } from "./keeper.ts";
import { draw, shown, type Radiographs } from "./radiographs.ts";
import { trainAll, type Trained } from "./training.ts";

const tell = (told: Told, moved: Transferable[] = []): void => postMessage(told, { transfer: moved });

let opened: { readonly first: Engine; readonly open: () => Promise<Engine> } | undefined;
let drawn: { readonly setup: Setup; readonly radiographs: Radiographs } | undefined;
let models: Trained[] = [];
let stopping = new AbortController();

async function open(device: Setup["device"]): Promise<void> {
  let why: string | undefined;
  let first: Engine;
  try {
    first = await openEngine({ device: device === "reference" ? "reference" : "webgpu" });
  } catch (error) {
    if (device === "webgpu") throw error;
    why = (error as Error).message;
    first = await openEngine({ device: "reference" });
  }
  opened = {
    first,
    open: () => openEngine({ device: first.backend.kind === "webgpu" ? "webgpu" : "reference" }),
  };
  const adapter: Adapter = {
    device: first.backend.kind === "webgpu" ? "webgpu" : "reference",
    name: first.traits.name,
    ...(why === undefined ? {} : { why }),
  };
  tell({ kind: "opened", adapter, kept: await new Keeper().kept() });
}

async function examples(setup: Setup): Promise<void> {
  const few = await draw({ ...setup, images: 8 }, () => undefined, new AbortController().signal);
  for (const [source, set] of few.sources)
    tell({ kind: "examples", source, images: shown(set, [0, 1, 2, 3, 4, 5]) });
}

async function train(setup: Setup, goOn: boolean): Promise<void> {
  if (opened === undefined) throw new Error("the device is not open yet");
  stopping = new AbortController();
  const { signal } = stopping;
  const own =
    drawn !== undefined && JSON.stringify(drawn.setup) === JSON.stringify(setup)
      ? drawn
      : {
          setup,
          radiographs: await draw(setup, (done, total) => tell({ kind: "drawing", done, total }), signal),
        };
  drawn = own;
  for (const { engine } of models) engine.close();
  models = [];
  const keeper = new Keeper();
  await keeper.begin(setup, goOn);
  const result = await trainAll(setup, own.radiographs, opened.open, keeper, signal, tell);
  ({ models } = result);
  tell({ kind: "ended", stopped: result.stopped });
}

function modelOf(name: string): Trained {
  const found = models.find(({ arm }) => arm.name === name);
  if (found === undefined) throw new Error("there is no trained model yet: train first");
  return found;
}

async function answer(request: Request): Promise<void> {
  switch (request.kind) {
    case "open": {
      await open(request.device);
      return;
    }
    case "examples": {
      await examples(request.setup);
      return;
    }
    case "train": {
      await train(request.setup, request.goOn);
      return;
    }
    case "stop": {
      stopping.abort();
      return;
    }
    case "classify": {
      const { arm } = request;
      const found = await classify(modelOf(arm), request.image, drawn?.setup.size ?? 32);
      tell({ kind: "classified", arm, ...found });
      return;
    }
    case "model": {
      const { arm } = request;
      const { classifier, learned, settings, kept } = modelOf(arm);
      const bytes = await modelBytes(classifier, { assembly: learned, settings, kept });
      tell({ kind: "model", arm, bytes }, [bytes.buffer]);
      return;
    }
  }
}

addEventListener("message", ({ data }: MessageEvent<Request>) => {
  answer(data).catch((error: unknown) => {
    if (stopping.signal.aborted && data.kind === "train") tell({ kind: "ended", stopped: true });
    else tell({ kind: "trouble", text: (error as Error).message });
  });
});
