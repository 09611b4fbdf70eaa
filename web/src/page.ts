// The page: what is clicked goes to the worker, and what the worker tells is drawn.

import { searchOf, setupOf } from "./address.ts";
import { AucTable } from "./auc-table.ts";
import { changed, showGrid } from "./label-grid.ts";
import { LossChart } from "./loss-chart.ts";
import { showMistakes, showSimilarities } from "./looked-at.ts";
import { armsOf, assembledName, type Adapter, type Request, type Setup, type Told } from "./protocol.ts";
import { picture } from "./radiograph-picture.ts";
import { duration, element, nameOfArm } from "./words.ts";

const colours: Readonly<Record<string, string>> = { A: "--a", B: "--b", [assembledName]: "--assembled" };
const colourOf = (arm: string): string =>
  getComputedStyle(document.documentElement)
    .getPropertyValue(colours[arm] ?? "--ink")
    .trim();

let setup: Setup = setupOf(location.search);
let isTraining = false;
let kept: Setup | undefined;
let adapter: Adapter | undefined;
let trained: Setup | undefined;

const worker = new Worker(new URL("./worker/main.ts", import.meta.url), { type: "module" });
const ask = (request: Request, moved: Transferable[] = []): void => worker.postMessage(request, moved);

const losses = new LossChart(element("losses", HTMLCanvasElement), colourOf);
const aucs = new AucTable(
  element("auc", HTMLTableElement),
  element("auc-chart", HTMLElement),
  element("gain", HTMLElement),
  colourOf,
);
const buttons = {
  train: element("train", HTMLButtonElement),
  stop: element("stop", HTMLButtonElement),
  goOn: element("go-on", HTMLButtonElement),
  model: element("save-model", HTMLButtonElement),
  run: element("save-run", HTMLButtonElement),
};

function say(text: string): void {
  element("state", HTMLElement).textContent = text;
}

function showTrouble(text: string | undefined): void {
  const place = element("trouble", HTMLElement);
  place.hidden = text === undefined;
  place.textContent = text ?? "";
}

function show(): void {
  showGrid(element("grid", HTMLTableElement), setup, (change) => {
    if (isTraining) return;
    setup = changed(setup, change);
    history.replaceState(null, "", `${location.pathname}${searchOf(setup)}`);
    show();
  });
  const nobody = armsOf(setup).length === 0;
  buttons.train.disabled = isTraining || adapter === undefined || nobody;
  buttons.stop.hidden = !isTraining;
  buttons.goOn.hidden = isTraining || kept === undefined;
  element("pixels", HTMLElement).textContent = `${setup.size} x ${setup.size}`;
  if (nobody) say("Nobody labels anything now: give a label back.");
  const legend = element("legend", HTMLElement);
  legend.replaceChildren(
    ...armsOf(setup).map(({ name }) => {
      const made = document.createElement("span");
      made.style.setProperty("--colour", `var(${colours[name] ?? "--ink"})`);
      made.textContent = nameOfArm(name);
      return made;
    }),
  );
}

function begin(goOn: boolean): void {
  if (goOn && kept !== undefined) {
    setup = kept;
    history.replaceState(null, "", `${location.pathname}${searchOf(setup)}`);
  }
  isTraining = true;
  trained = undefined;
  showTrouble(undefined);
  losses.clear();
  aucs.begin(setup);
  for (const id of ["wrong", "queries"]) element(id, HTMLElement).hidden = true;
  element("classified", HTMLElement).replaceChildren();
  buttons.model.disabled = buttons.run.disabled = true;
  say("Drawing the radiographs …");
  ask({ kind: "train", setup, goOn });
  show();
}

function ended(stopped: boolean): void {
  isTraining = false;
  kept = stopped ? setup : undefined;
  trained = stopped ? undefined : setup;
  buttons.model.disabled = buttons.run.disabled = trained === undefined;
  say(stopped ? "Stopped. It goes on where it is, also after the tab was closed." : "Done.");
  show();
}

function openedOn(found: Adapter, before: Setup | undefined): void {
  adapter = found;
  kept = before;
  const { device, name, why } = found;
  element("adapter", HTMLElement).textContent =
    device === "webgpu" ? name : "the CPU, in plain JavaScript: slow, some minutes";
  if (why !== undefined) showTrouble(`It trains without WebGPU, some fifty times slower: ${why}.`);
  show();
}

function tell(told: Told): void {
  switch (told.kind) {
    case "opened": {
      openedOn(told.adapter, told.kept);
      return;
    }
    case "examples": {
      const row = document.createElement("figure");
      const caption = document.createElement("figcaption");
      caption.textContent = `Hospital ${told.source}`;
      const images = told.images.map((each, i) =>
        picture(each, `radiograph ${i + 1} of hospital ${told.source}`),
      );
      row.append(caption, ...images);
      element("examples", HTMLElement).append(row);
      return;
    }
    case "drawing": {
      say(`Drawing the radiographs: ${told.done} of ${told.total}`);
      return;
    }
    case "steps": {
      losses.add(told.arm, told.reports);
      const left = Number.isFinite(told.left) ? `, ${duration(told.left)} left` : "";
      say(`${told.imagesPerSecond.toFixed(0)} images a second${left}`);
      return;
    }
    case "epoch": {
      aucs.add(told.arm, told.epoch, told.meanAuc, told.auc);
      return;
    }
    case "similarities":
      if (told.arm !== assembledName) return;
      element("queries", HTMLElement).hidden = false;
      {
        showSimilarities(element("similarities", HTMLTableElement), told.classes, told.values);
        return;
      }
    case "mistakes":
      if (told.arm !== assembledName) return;
      element("wrong", HTMLElement).hidden = told.list.length === 0;
      {
        showMistakes(element("mistakes", HTMLElement), told.list);
        return;
      }
    case "ended": {
      ended(told.stopped);
      return;
    }
    case "classified": {
      const words = Object.entries(told.probabilities)
        .sort(([, a], [, b]) => b - a)
        .map(([name, value]) => `${name} ${value.toFixed(2)}`);
      const text = document.createElement("p");
      text.textContent = `The assembled model says: ${words.join(", ")}.`;
      const seen = document.createElement("div");
      seen.append(picture(told.seen, "the image as the model sees it"));
      element("classified", HTMLElement).replaceChildren(seen, text);
      return;
    }
    case "model": {
      save("model.safetensors", new Blob([told.bytes]));
      return;
    }
    case "trouble":
      if (isTraining) ended(true);
      {
        showTrouble(told.text);
        return;
      }
  }
}

function save(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

async function classifyFile(file: File | undefined): Promise<void> {
  if (file === undefined) return;
  if (trained === undefined) {
    showTrouble("There is no trained model yet: train first, then drop an image.");
    return;
  }
  try {
    const image = await createImageBitmap(file);
    showTrouble(undefined);
    ask({ kind: "classify", arm: armsOf(trained).at(-1)?.name ?? assembledName, image }, [image]);
  } catch {
    showTrouble(`${file.name} is no image that this browser can read: take a PNG, a JPEG or a WebP.`);
  }
}

worker.addEventListener("message", ({ data }: MessageEvent<Told>) => tell(data));
worker.addEventListener("error", (event) => {
  event.preventDefault();
  showTrouble(`The worker of this page ended: ${event.message || "reload the page"}.`);
});
buttons.train.addEventListener("click", () => begin(false));
buttons.goOn.addEventListener("click", () => begin(true));
buttons.stop.addEventListener("click", () => {
  say("Stopping after this step …");
  ask({ kind: "stop" });
});
buttons.model.addEventListener("click", () => {
  if (trained !== undefined) ask({ kind: "model", arm: armsOf(trained).at(-1)?.name ?? assembledName });
});
buttons.run.addEventListener("click", () => {
  const run = { setup: trained, adapter, auc: aucs.results() };
  save("run.json", new Blob([`${JSON.stringify(run, null, 2)}\n`], { type: "application/json" }));
});
const drop = element("drop", HTMLElement);
for (const kind of ["dragenter", "dragover"] as const) {
  drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  void classifyFile(event.dataTransfer?.files[0]);
});
element("file", HTMLInputElement).addEventListener("change", ({ currentTarget }) => {
  void classifyFile((currentTarget as HTMLInputElement).files?.[0]);
});

show();
ask({ kind: "open", device: setup.device });
ask({ kind: "examples", setup });
