// --follow-links, as commands take it, and as a run keeps it: begun with links, it goes on and is evaluated with them.
import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PNG } from "pngjs";
import { own, runBuilt, workingFolder, type Ended } from "./built.ts";

const folder = workingFolder();
const at = (...names: string[]): string => join(folder, ...names);
const tessera = (...parameters: string[]): Promise<Ended> => runBuilt(folder, parameters);

const films = at("elsewhere/films");
for (const [k, name] of ["dark", "light"].entries()) {
  mkdirSync(join(films, name), { recursive: true });
  for (let i = 0; i < 12; i++) {
    const png = new PNG({ width: 8, height: 8 });
    for (let at = 0; at < 64; at++) {
      const level = 60 + 120 * k + ((7 * at + 11 * i) % 50);
      png.data.set([level, level, level, 255], 4 * at);
    }
    writeFileSync(join(films, name, `${i}.png`), PNG.sync.write(png, { colorType: 0 }));
  }
}
mkdirSync(at("data"));
symlinkSync(films, at("data/films"));
const manifest = (train: string): string => `
classes: [dark, light]
image: { height: 8, width: 8 }
sources: [{ name: S, format: folder, folder: films, split: { by: image, validation: 0.3, test: 0.3 } }]
model: { stem: { features: 4, stride: 2 }, blocks: [1], growth: 4 }
train: { batch: 8, warmupEpochs: 0, ${train} }
`;
writeFileSync(at("m.yaml"), manifest("epochs: 1"));
const images = ["m.yaml", "--data-root", "data"];
const device = ["--device", "reference", "--quiet"];

/** Checks that a command refuses the links in one line, as bad input. */
function expectRefused({ code, errors }: Ended, what: string): void {
  expect([what, code]).toEqual([what, 2]);
  const lines = own(errors).split("\n");
  expect(lines, what).toHaveLength(1);
  expect(lines[0]).toContain(`leads to ${films}, out of the data root ${at("data")}`);
  expect(lines[0]).toContain("--follow-links");
}

test("every command that takes --data-root refuses links out of it, and with --follow-links reads them", async () => {
  expectRefused(await tessera("inspect", ...images), "inspect");
  expectRefused(await tessera("plan", ...images), "plan");
  expectRefused(await tessera("find-rate", ...images, ...device), "find-rate");
  expectRefused(await tessera("study", "overlap", ...images, ...device, "--dry-run"), "study");
  expectRefused(await tessera("cross-validate", ...images, ...device, "--dry-run"), "cross-validate");
  expectRefused(await tessera("train", ...images, ...device, "--out", "run"), "train");
  expect(await tessera("inspect", ...images, "--follow-links", "--quiet")).toMatchObject({ code: 0 });
  const help = await Promise.all(
    [
      "train",
      "add-class",
      "evaluate",
      "predict",
      "calibrate",
      "embed",
      "probe",
      "study",
      "cross-validate",
      "find-rate",
      "inspect",
      "plan",
    ].map(async (command) => [command, (await tessera(command, "--help")).output] as const),
  );
  for (const [command, text] of help) expect(text, command).toContain("--follow-links");
}, 120_000);

test("a run that was begun with links goes on with them, and is evaluated with them", async () => {
  expect(await tessera("train", ...images, ...device, "--follow-links", "--out", "run")).toMatchObject({
    code: 0,
  });
  const record = JSON.parse(readFileSync(at("run/run.json"), "utf8")) as { options: object };
  expect(record.options).toMatchObject({ followLinks: true });
  expect(await tessera("train", "--resume", "run", "--epochs", "2", "--quiet")).toMatchObject({ code: 0 });
  const evaluated = await tessera("evaluate", "run", ...device);
  expect([own(evaluated.errors), evaluated.code]).toEqual(["", 0]);
  expectRefused(await tessera("evaluate", "run", ...images, ...device), "evaluate with a manifest");
  expect(await tessera("evaluate", "run", ...images, ...device, "--follow-links")).toMatchObject({ code: 0 });
  const features = await tessera("embed", "run", "--out", "f.safetensors", ...device);
  expect(features.code).toBe(0);
  expectRefused(await tessera("probe", "f.safetensors", ...images, "--device", "reference"), "probe");
}, 120_000);

test("a run that was begun without may go on with links, where its images have moved; no other says that it follows any", async () => {
  mkdirSync(at("real"));
  renameSync(films, at("real/films"));
  expect(await tessera("train", "m.yaml", "--data-root", "real", ...device, "--out", "plain")).toMatchObject({
    code: 0,
  });
  expect(readFileSync(at("plain/run.json"), "utf8")).not.toContain("followLinks");
  renameSync(at("real/films"), films);
  const further = ["train", "--resume", "plain", "--epochs", "2", "--data-root", "data", "--quiet"];
  expectRefused(await tessera(...further), "resume");
  expect(await tessera(...further, "--follow-links")).toMatchObject({ code: 0 });
}, 120_000);

test("weights that the manifest begins with lie below the data root, too", async () => {
  mkdirSync(at("inits/data"), { recursive: true });
  renameSync(films, at("inits/data/films"));
  writeFileSync(at("inits/w.pth"), "");
  symlinkSync("../w.pth", at("inits/data/w.pth"));
  const begun = async (init: string, ...more: string[]): Promise<string> => {
    writeFileSync(at("init.yaml"), manifest(`epochs: 1, init: ${init}`));
    const ended = await tessera(
      "train",
      "init.yaml",
      "--data-root",
      "inits/data",
      ...device,
      "--out",
      "begun",
      ...more,
    );
    expect(ended.code).toBe(2);
    return own(ended.errors);
  };
  expect(await begun("w.pth")).toMatch(
    /^error: init\.yaml:6: train\.init reads .*data\/w\.pth, which a symbolic link leads to .*inits\/w\.pth, out of the data root/u,
  );
  expect(await begun("../w.pth")).toMatch(
    /^error: init\.yaml:6: train\.init leaves the data root: "\.\.\/w\.pth"/u,
  );
  // A folder of a run, whose files are links.
  mkdirSync(at("inits/data/run"));
  symlinkSync("../../w.pth", at("inits/data/run/model.safetensors"));
  expect(await begun("run")).toMatch(
    /^error: init\.yaml:6: train\.init reads .*run\/model\.safetensors, which a symbolic link leads to .*inits\/w\.pth, out of/u,
  );
  expect(await begun("../w.pth", "--follow-links")).toMatch(/train\.init leaves the data root/u);
  expect(await begun("w.pth", "--follow-links")).toMatch(/w\.pth: (?!reads)/u);
  renameSync(at("inits/data/films"), films);
}, 60_000);
