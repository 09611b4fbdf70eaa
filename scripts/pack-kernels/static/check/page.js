// The check of the kernels on the visitor's own GPU: all cases against the reference, then times. Nothing is sent anywhere.

import { Clock, timeItem } from "../bench.js";
import { runCase } from "../cases.js";
import { Launcher } from "../launches.js";
import { kindOf, NoGpuError, openDevice } from "./adapter.js";
import * as view from "./view.js";

const { byId } = view;

/** @throws Error with a sentence about a file of the package that is not there */
async function load(path, as) {
  const response = await fetch(new URL(path, import.meta.url)).catch(() => undefined);
  if (response?.ok !== true) {
    throw new Error(
      `The file ${path.replace("../", "")} of the package could not be loaded; serve the whole folder.`,
    );
  }
  return response[as]();
}

const kernelOf = async (name) => (await import(`../kernels/${name}.js`))[name];

/** Lets the page draw and answer. */
const breathe = () => new Promise((resolve) => setTimeout(resolve, 0));

/** The run that goes on or was the last: whether it should stop, and why the device was lost, if it was. */
const current = { isStopped: false, lost: undefined };

const lostSentence = ({ lost }) =>
  `The device was lost (${lost || "the browser does not say why"}): a launch may have taken too long, or the driver was ` +
  "restarted. Reload the page to try again.";

/**
 * Whether to go on.
 * @throws NoGpuError where the device is gone
 */
function goesOn() {
  if (current.lost !== undefined) throw new NoGpuError(lostSentence(current));
  return !current.isStopped;
}

async function runCases(launcher, result) {
  const { operators } = await load("../cases/index.json", "json");
  const values = await load("../cases/values.bin", "arrayBuffer");
  const all = operators.reduce((sum, { candidates }) => sum + candidates, 0);
  const cases = (result.cases = { run: 0, skipped: {}, differ: [] });
  let done = 0;
  for (const { operator } of operators) {
    for (const each of await load(`../cases/${operator}.json`, "json")) {
      for await (const { candidate, worst, message, skipped } of runCase(launcher, each, values)) {
        // Where the device was lost, that is what went wrong; its word comes a little later.
        if (message !== undefined) await breathe();
        if (!goesOn()) return;
        done++;
        if (skipped !== undefined) cases.skipped[skipped] = (cases.skipped[skipped] ?? 0) + 1;
        else cases.run++;
        // Infinity is no number of JSON.
        const error = Number.isFinite(worst) ? worst : null;
        if (message !== undefined)
          cases.differ.push({ operator, case: each.name, candidate, worst: error, message });
      }
      byId("progress").value = done / all;
      view.say(`${operator}: ${done.toLocaleString("en")} of ${all.toLocaleString("en")} candidates`);
      view.showCases(cases, false);
      await breathe();
    }
  }
  view.showCases(cases, true);
}

async function runTimes(launcher, result, withAll) {
  const items = await load("../bench.json", "json");
  const kind = kindOf(result.adapter);
  const clock = await Clock.open(launcher.device);
  const times = (result.times = { kind, method: clock.method, items: [] });
  byId("rows").replaceChildren();
  view.showMethod(clock.method);
  for (const [done, item] of items.entries()) {
    const { operator, title } = item;
    byId("progress").value = done / items.length;
    view.say(`${operator}: ${done + 1} of ${items.length} shapes`);
    await breathe();
    const isRule = ({ ruleOf }) => ruleOf.includes(kind);
    const candidates = item.candidates.filter((each) => withAll || isRule(each));
    for (const each of candidates) {
      for await (const timed of timeItem(launcher, clock, item, (other) => other === each, breathe)) {
        if (timed.message !== undefined) await breathe();
        if (!goesOn()) return;
        const row = { operator, title, isRule: isRule(each), ...timed };
        times.items.push(row);
        view.addTime(row, timed);
      }
    }
    times.method = clock.method;
  }
  view.showMethod(clock.method);
}

async function start(device, about, manifest) {
  const withCases = byId("with-cases").checked;
  const withTimes = byId("with-times").checked;
  if (!withCases && !withTimes) {
    view.say("Nothing is chosen.");
    return;
  }
  current.isStopped = false;
  const { name, version } = manifest;
  const result = {
    ...{
      package: name,
      version,
      date: new Date().toISOString(),
      browser: navigator.userAgent,
      adapter: about,
    },
  };
  byId("choices").disabled = byId("start").disabled = true;
  byId("stop").disabled = false;
  for (const id of ["cases", "times", "result"]) byId(id).hidden = true;
  try {
    const launcher = new Launcher(device, kernelOf);
    if (withCases) await runCases(launcher, result);
    if (withTimes && goesOn()) await runTimes(launcher, result, byId("with-all").checked);
    view.say(current.isStopped ? "Stopped; what was found is below." : "Done.");
  } catch (error) {
    result.error = error.message;
    view.say("It did not come to the end.");
    view.sayWrong(error instanceof NoGpuError ? error.message : `Something went wrong: ${error.message}`);
  }
  byId("progress").value = 1;
  result.isWhole = !current.isStopped && result.error === undefined;
  view.showResult(result, manifest.issues);
  byId("stop").disabled = true;
  byId("choices").disabled = byId("start").disabled = current.lost !== undefined;
}

try {
  const manifest = await load("../manifest.json", "json");
  byId("package").textContent = `${manifest.name} ${manifest.version}`;
  const { device, about } = await openDevice();
  view.showAdapter(about);
  view.wireResult();
  device.lost.then(({ message, reason }) => {
    current.lost = message || reason;
    view.sayWrong(lostSentence(current));
    byId("start").disabled = true;
  });
  byId("choices").disabled = byId("start").disabled = false;
  byId("start").addEventListener("click", () => void start(device, about, manifest));
  byId("stop").addEventListener("click", () => {
    current.isStopped = true;
    view.say("Stopping after this one.");
  });
  if (new URLSearchParams(location.search).has("run")) void start(device, about, manifest);
} catch (error) {
  view.sayWrong(error.message);
}
