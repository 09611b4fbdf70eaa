// The worker: opens the device, draws, estimates, trains, classifies. "stop" ends what is under way.

import type { Engine } from "@tessera-gpu/tessera";
import { classifierOfBytes } from "@tessera-gpu/tessera/assemble";
import { NonFiniteError } from "@tessera-gpu/tessera/training";
import {
  armsOf,
  channelsOf,
  type Adapter,
  type Download,
  type Request,
  type Setup,
  type Told,
} from "../protocol.ts";
import { nameOfArm } from "../words.ts";
import { classify, type Answering } from "./classify.ts";
import { openAgain, openDevice } from "./device.ts";
import { downloaded } from "./downloads.ts";
import { estimate, guess, measure, type Speed } from "./estimate.ts";
import { Keeper } from "./keeper.ts";
import { hospitalsOf, keepOwn, keptOwn, loadOwn, type OwnImages } from "./own-images.ts";
import { draw, shown, type Radiographs } from "./radiographs.ts";
import { trainAll, type Learning, type Trained } from "./training.ts";

const tell = (told: Told, moved: Transferable[] = []): void => postMessage(told, { transfer: moved });
const notice = (text: string): void => tell({ kind: "notice", text });

/** What was asked for as a device, and what there is. */
let device: Setup["device"] = "auto";
let opening: Promise<Adapter> | undefined;
let drawn: { readonly of: string; readonly radiographs: Radiographs } | undefined;
/** The last training that was begun, its models while they learn, and when they have ended. */
let last:
  | { readonly setup: Setup; readonly learning: Map<string, Learning>; trained: readonly Trained[] }
  | undefined;
/** Images that were dropped last. */
let own: OwnImages | undefined;
/** A model from a file. */
let taken: Answering | undefined;
let stopping = new AbortController();
/** By adapter and size of images. */
const speeds = new Map<string, Speed>();
let measuring: { readonly controller: AbortController; readonly done: Promise<void> } | undefined;

async function adapterOf(): Promise<Adapter> {
  if (opening === undefined) throw new Error("the device is not open yet");
  return await opening;
}

/** An engine on the device; on another, where that was lost, which may be of another kind. */
async function engineOf(lost: boolean): Promise<Engine> {
  const before = await adapterOf();
  const { engine, adapter } = lost
    ? await openAgain(device, stopping.signal)
    : await openDevice(before.device);
  if (adapter.device !== before.device) {
    opening = Promise.resolve(adapter);
    tell({ kind: "opened", adapter, kept: undefined });
  }
  return engine;
}

async function open(asked: Setup["device"]): Promise<void> {
  device = asked;
  opening = openDevice(asked).then(({ engine, adapter }) => {
    engine.close();
    return adapter;
  });
  tell({ kind: "opened", adapter: await opening, kept: await Keeper.kept() });
}

async function examples(setup: Setup): Promise<void> {
  if (setup.own !== undefined && own !== undefined) {
    for (const [source, set] of hospitalsOf(own, setup).sources)
      tell({
        kind: "examples",
        source,
        images: shown(set, [...Array<undefined>(Math.min(6, set.count)).keys()]),
      });
    return;
  }
  const few = await draw({ ...setup, images: 8 }, () => undefined, new AbortController().signal);
  for (const [source, set] of few.sources)
    tell({ kind: "examples", source, images: shown(set, [0, 1, 2, 3, 4, 5]) });
}

async function tellEstimate(setup: Setup): Promise<void> {
  const adapter = await adapterOf();
  const key = `${adapter.device} ${adapter.name} ${setup.size}`;
  const engine = await engineOf(false);
  try {
    const known = speeds.get(key);
    tell({ kind: "estimate", estimate: await estimate(setup, engine, known ?? guess(adapter, setup.size)) });
    if (known !== undefined || measuring !== undefined || last !== undefined) return;
    const controller = new AbortController();
    const done = measure(engine, setup, controller.signal).then(
      (speed) => void speeds.set(key, speed),
      (error: unknown) => {
        if (!controller.signal.aborted) throw error;
      },
    );
    measuring = { controller, done };
    await done.finally(() => (measuring = undefined));
    const found = speeds.get(key);
    if (found !== undefined) tell({ kind: "estimate", estimate: await estimate(setup, engine, found) });
  } finally {
    engine.close();
  }
}

/** Errors that ended a training which can go on from where it is kept. */
const goesOnAfter = new WeakSet<object>();

async function train(setup: Setup, goOn: boolean): Promise<void> {
  stopping = new AbortController();
  const { signal } = stopping;
  measuring?.controller.abort();
  await measuring?.done.catch(() => undefined);
  for (const { engine } of last?.trained ?? []) engine.close();
  const learning = new Map<string, Learning>();
  const current = (last = { setup, learning, trained: [] as readonly Trained[] });
  const { stopped, lasting } = await Keeper.during(notice, async (keeper) => {
    await keeper.begin(setup, goOn);
    try {
      const radiographs =
        setup.own === undefined ? await radiographsOf(setup, signal) : await ownOf(setup, goOn, keeper);
      const { stopped, models } = await trainAll({
        ...{ setup, radiographs, keeper, signal, tell, open: engineOf },
        began: (each) => learning.set(each.arm.name, each),
      });
      current.trained = models;
      return { stopped, lasting: keeper.lasting };
    } catch (error) {
      // What has met a number that is not finite meets it again.
      if (keeper.lasting && !(error instanceof NonFiniteError)) goesOnAfter.add(error as Error);
      throw error;
    }
  });
  tell({ kind: "ended", stopped, lasting });
}

async function radiographsOf(setup: Setup, signal: AbortSignal): Promise<Radiographs> {
  const { epochs: _, device: __, ...pixels } = setup;
  const of = JSON.stringify(pixels);
  if (drawn?.of !== of) {
    drawn = {
      of,
      radiographs: await draw(
        setup,
        (done, total) => tell({ kind: "preparing", what: "Drawing the radiographs", done, total }),
        signal,
      ),
    };
  }
  return drawn.radiographs;
}

async function ownOf(setup: Setup, goOn: boolean, keeper: Keeper): Promise<Radiographs> {
  if (goOn || own === undefined) own = await keptOwn(keeper);
  else await keepOwn(own, keeper);
  return hospitalsOf(own, setup);
}

async function takeFiles({ name, files, base, most }: Asked<"files">): Promise<void> {
  const what = "Reading the images";
  tell({ kind: "preparing", what, done: 0, total: files.length });
  let told = 0;
  try {
    const found = await loadOwn(name, files, base, most, (done, total) => {
      if (performance.now() - told < 250) return;
      told = performance.now();
      tell({ kind: "preparing", what, done, total });
    });
    ({ own } = found);
    tell({ kind: "found", setup: found.setup, words: found.words });
  } finally {
    tell({ kind: "preparing", what, done: 1, total: 1 });
  }
}

/** The model that an image is shown to: the one from a file, or the last of a training, also while it learns. */
function answering(): Answering {
  if (taken !== undefined) return taken;
  const { setup, learning, trained } = last ?? {};
  const name = setup === undefined ? undefined : armsOf(setup).at(-1)?.name;
  const found =
    name === undefined ? undefined : (trained?.find(({ arm }) => arm.name === name) ?? learning?.get(name));
  if (setup === undefined || found === undefined) {
    throw new Error(
      "There is no model yet that could say anything of it: train first, or drop a model.safetensors",
    );
  }
  const { arm, engine, classifier, settings } = found;
  const still = trained?.length === 0 ? ", as far as it has learned," : "";
  return {
    by: `The model of ${nameOfArm(arm.name)}${still}`,
    ...{ engine, classifier, classes: arm.classes, normalisation: settings.normalisation },
    ...{ size: setup.size, channels: channelsOf(setup), fit: "crop" },
  };
}

async function takeModel(name: string, bytes: Uint8Array): Promise<void> {
  const engine = await engineOf(false);
  try {
    const { classifier, record } = classifierOfBytes(engine, bytes, name);
    const { height, width, channels } = record.image;
    if (height !== width)
      throw new Error(`${name} is of images of ${width} x ${height}: this page takes square ones`);
    taken?.engine.close();
    taken = {
      by: name,
      ...{ engine, classifier, classes: record.classes, normalisation: record.normalisation },
      ...{ size: height, channels, fit: record.image.fit },
    };
    tell({ kind: "model-taken", name, classes: record.classes });
  } catch (error) {
    engine.close();
    throw error;
  }
}

async function download(what: Download): Promise<void> {
  if (last === undefined) throw new Error("There is no trained model yet: train first");
  const content = await downloaded(what, last.setup, last.trained.at(-1));
  tell({ kind: "download", what, content }, typeof content === "string" ? [] : [content.buffer]);
}

async function tellClasses(file: File): Promise<void> {
  const model = answering();
  const classified = await classify(model, file).catch((error: unknown) => {
    throw new Error(`${(error as Error).message}. Drop a PNG, a JPEG or a WebP, or a folder to learn from`, {
      cause: error,
    });
  });
  tell({ kind: "classified", by: model.by, ...classified });
}

type Asked<Kind extends Request["kind"]> = Extract<Request, { readonly kind: Kind }>;

const answers: { readonly [Kind in Request["kind"]]: (asked: Asked<Kind>) => Promise<void> | void } = {
  open: (asked) => open(asked.device),
  examples: ({ setup }) => examples(setup),
  estimate: ({ setup }) => tellEstimate(setup),
  train: ({ setup, goOn }) => {
    taken?.engine.close();
    taken = undefined;
    return train(setup, goOn);
  },
  stop: () => stopping.abort(),
  classify: ({ file }) => tellClasses(file),
  "take-model": ({ name, bytes }) => takeModel(name, bytes),
  files: (asked) => takeFiles(asked),
  download: ({ what }) => download(what),
};

addEventListener("message", ({ data }: MessageEvent<Request>) => {
  void (async () => {
    try {
      await (answers[data.kind] as (asked: Request) => Promise<void> | void)(data);
    } catch (error) {
      if (stopping.signal.aborted && data.kind === "train")
        tell({ kind: "ended", stopped: true, lasting: data.goOn });
      else {
        const { message } = error as Error;
        tell({ kind: "trouble", of: data.kind, text: message, lasting: goesOnAfter.has(error as Error) });
      }
    }
  })();
});
