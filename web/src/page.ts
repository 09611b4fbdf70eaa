// The page: what is clicked goes to the worker, and what the worker tells is drawn.

import { searchOf, setupOf, standard } from "./address.ts";
import { AucTable } from "./auc-table.ts";
import { takeDrops } from "./drops.ts";
import { changed, showGrid } from "./label-grid.ts";
import { LossChart } from "./loss-chart.ts";
import { showMistakes, showSimilarities } from "./looked-at.ts";
import { Progress } from "./progress.ts";
import {
  armsOf,
  assembledName,
  type Adapter,
  type Download,
  type Estimate,
  type Request,
  type Setup,
  type Told,
} from "./protocol.ts";
import { picture, showExamples, showNoExamples } from "./radiograph-picture.ts";
import { element, estimateWords, nameOfArm, showText, tooMuch } from "./words.ts";

const colours: Readonly<Record<string, string>> = { A: "--a", B: "--b", [assembledName]: "--assembled" };
const colourOf = (arm: string): string =>
  getComputedStyle(document.documentElement)
    .getPropertyValue(colours[arm] ?? "--ink")
    .trim();

let setup: Setup = setupOf(location.search);
let isTraining = false;
/** What is shown of a training, under way or ended. */
let shown: Setup | undefined;
/** A training that goes on. */
let kept: Setup | undefined;
let adapter: Adapter | undefined;
let estimate: Estimate | undefined;

const worker = new Worker(new URL("./worker/main.ts", import.meta.url), { type: "module" });
const ask = (request: Request, moved: Transferable[] = []): void => worker.postMessage(request, moved);

const losses = new LossChart(element("losses", HTMLCanvasElement), colourOf);
const aucs = new AucTable(
  element("auc", HTMLTableElement),
  element("auc-chart", HTMLElement),
  element("gain", HTMLElement),
  colourOf,
);
const progress = new Progress();
const buttons = {
  train: element("train", HTMLButtonElement),
  stop: element("stop", HTMLButtonElement),
  goOn: element("go-on", HTMLButtonElement),
  drawn: element("drawn", HTMLButtonElement),
};
const downloads = [...document.querySelectorAll<HTMLButtonElement>("[data-download]")];

/** The address says what is drawn, and nothing of images that nobody else has. */
function tellAddress(): void {
  if (setup.own === undefined) history.replaceState(null, "", `${location.pathname}${searchOf(setup)}`);
}

/** Goes over to another setup. */
function become(next: Setup): void {
  setup = next;
  estimate = undefined;
  tellAddress();
  show();
  if (armsOf(setup).length > 0) ask({ kind: "estimate", setup });
}

function show(): void {
  showGrid(element("grid", HTMLTableElement), setup, isTraining, (change) => become(changed(setup, change)));
  const nobody = armsOf(setup).length === 0;
  buttons.train.disabled = isTraining || adapter === undefined || nobody;
  buttons.stop.hidden = !isTraining;
  buttons.train.hidden = isTraining;
  buttons.goOn.hidden = isTraining || kept === undefined;
  buttons.drawn.hidden = isTraining || setup.own === undefined;
  if (shown === undefined) aucs.begin(setup);
  showLegend(shown ?? setup);
  if (isTraining) return;
  const words =
    estimate === undefined || adapter === undefined
      ? "How long it takes is being measured …"
      : [estimateWords(estimate, adapter), tooMuch(estimate)].filter((each) => each !== undefined).join(" ");
  showText("estimate", nobody ? "Nobody labels anything now: give a label back." : words);
}

function showLegend(of: Setup): void {
  element("legend", HTMLElement).replaceChildren(
    ...armsOf(of).map(({ name }) => {
      const made = document.createElement("span");
      made.style.setProperty("--colour", `var(${colours[name] ?? "--ink"})`);
      made.textContent = nameOfArm(name);
      return made;
    }),
  );
}

function begin(goOn: boolean): void {
  if (goOn && kept !== undefined) setup = kept;
  tellAddress();
  isTraining = true;
  shown = setup;
  showText("trouble", undefined);
  showText("notice", undefined);
  losses.clear();
  aucs.begin(setup);
  for (const id of ["wrong", "queries"]) element(id, HTMLElement).hidden = true;
  element("classified", HTMLElement).replaceChildren();
  for (const button of downloads) button.disabled = true;
  progress.begin(setup);
  ask({ kind: "train", setup, goOn });
  show();
  buttons.stop.focus();
}

function ended(words: string, goesOn: boolean): void {
  isTraining = false;
  kept = goesOn ? setup : undefined;
  progress.end(words);
  show();
  if (document.activeElement === document.body) (goesOn ? buttons.goOn : buttons.train).focus();
}

function openedOn(found: Adapter): void {
  adapter = found;
  const { device, name, why } = found;
  element("adapter", HTMLElement).textContent = device === "webgpu" ? name : `${name}: slow`;
  if (why !== undefined)
    showText("notice", `It trains without WebGPU, much slower than on a graphics card: ${why}.`);
}

type News<Kind extends Told["kind"]> = Extract<Told, { readonly kind: Kind }>;

/** What each news of the worker changes. */
const hear: { readonly [Kind in Told["kind"]]: (news: News<Kind>) => void } = {
  opened: (news) => {
    openedOn(news.adapter);
    if (!isTraining) kept = news.kept;
    show();
  },
  examples: ({ source, images }) => showExamples(element("examples", HTMLElement), source, images),
  estimate: (news) => {
    ({ estimate } = news);
    show();
  },
  preparing: (news) => progress.preparing(news),
  history: ({ arm, history: before }) => {
    losses.add(arm, before.steps);
    for (const each of before.epochs) aucs.add(arm, each);
  },
  steps: (news) => {
    losses.add(news.arm, news.reports);
    progress.steps(news);
  },
  epoch: (news) => {
    progress.epoch(news);
    aucs.add(news.arm, news);
  },
  similarities: ({ classes, values }) => {
    element("queries", HTMLElement).hidden = false;
    showSimilarities(element("similarities", HTMLTableElement), classes, values);
  },
  mistakes: ({ list }) => {
    element("wrong", HTMLElement).hidden = list.length === 0;
    showMistakes(element("mistakes", HTMLElement), list);
  },
  ended: ({ stopped, lasting }) => {
    for (const button of downloads) button.disabled = false;
    if (!stopped) ended("Done.", false);
    else if (lasting) ended("Stopped. It goes on where it is, also after the tab was closed.", true);
    else ended("Stopped. It cannot go on: nothing of it was kept.", false);
  },
  classified: showClassified,
  "model-taken": ({ name, classes }) =>
    showText("found", `${name} answers now, for ${classes.join(", ")}. Drop an image.`),
  found: (news) => {
    showText("found", news.words);
    showNoExamples(element("examples", HTMLElement), news.setup);
    ask({ kind: "examples", setup: news.setup });
    become(news.setup);
    element("grid-title", HTMLElement).scrollIntoView();
  },
  download: ({ what, content }) => save(what, new Blob([content])),
  notice: ({ text }) => showText("notice", text),
  trouble: ({ of, text, lasting }) => {
    if (of === "train" && isTraining)
      ended(`It ended before its end${lasting ? ", and can go on from where it is" : ""}.`, lasting);
    if (of === "classify" || of === "files" || of === "take-model") showOwnTrouble(text);
    else showText("trouble", text);
  },
};

/** Beside the place for images, which may be far from what is seen. */
function showOwnTrouble(text: string | undefined): void {
  showText("own-trouble", text);
  if (text !== undefined) element("own-trouble", HTMLElement).scrollIntoView({ block: "nearest" });
}

function showClassified({ by, probabilities, seen }: News<"classified">): void {
  const words = Object.entries(probabilities)
    .sort(([, a], [, b]) => b - a)
    .map(([name, value]) => `${name} ${value.toFixed(2)}`);
  const text = document.createElement("p");
  text.textContent = `${by} says: ${words.join(", ")}.`;
  const view = document.createElement("div");
  view.append(picture(seen, "the image as the model sees it"));
  element("classified", HTMLElement).replaceChildren(view, text);
}

function save(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

worker.addEventListener("message", ({ data }: MessageEvent<Told>) =>
  (hear[data.kind] as (news: Told) => void)(data),
);
worker.addEventListener("error", (event) => {
  event.preventDefault();
  showText("trouble", `The worker of this page ended: ${event.message || "reload the page"}.`);
});
buttons.train.addEventListener("click", () => begin(false));
buttons.goOn.addEventListener("click", () => begin(true));
buttons.stop.addEventListener("click", () => {
  progress.say("Stopping after this step …");
  ask({ kind: "stop" });
});
buttons.drawn.addEventListener("click", () => {
  showText("found", undefined);
  const next = setupOf(location.search);
  showNoExamples(element("examples", HTMLElement), next);
  ask({ kind: "examples", setup: next });
  become(next);
});
for (const button of downloads) {
  button.addEventListener("click", () => {
    ask({
      kind: "download",
      what: button.dataset["download"] as Download,
    });
  });
}
takeDrops({
  ask,
  base: () => setupOf(location.search),
  busy: () => isTraining,
  trouble: showOwnTrouble,
});

showNoExamples(element("examples", HTMLElement), standard);
show();
document.querySelector(".loading")?.classList.remove("loading");
ask({ kind: "open", device: setup.device });
ask({ kind: "examples", setup });
if (armsOf(setup).length > 0) ask({ kind: "estimate", setup });
