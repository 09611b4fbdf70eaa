// Reading apt's sources, to find this machine's Debian archive: its address and key are the only ones that are
// sure to work here (mirrors, proxies, snapshots), so the backports suite is asked of the same place.

const keptFields = ["Signed-By", "Architectures", "Trusted", "Check-Valid-Until"];
const fieldOfOption = new Map([
  ["signed-by", "Signed-By"],
  ["arch", "Architectures"],
  ["trusted", "Trusted"],
  ["check-valid-until", "Check-Valid-Until"],
]);

/** The enabled binary entries of one file; its ending says the format: .sources is deb822, .list has lines. */
export function parseAptSources(path, text) {
  return path.endsWith(".sources") ? parseDeb822(text) : parseLines(text);
}

function parseLines(text) {
  const sources = [];
  for (const line of text.split("\n")) {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)([^#]*)/.exec(line);
    if (!match) continue;
    const [, optionText = "", uri, suite, components] = match;
    const options = {};
    for (const option of words(optionText)) {
      const [name, value = ""] = option.split("=");
      const field = fieldOfOption.get(name.toLowerCase());
      if (field) options[field] = value.replaceAll(",", " ");
    }
    sources.push({ uris: [uri], suites: [suite], components: words(components), options });
  }
  return sources;
}

function parseDeb822(text) {
  const sources = [];
  for (const fields of stanzas(text)) {
    if (
      !words(fields.get("types")).includes("deb") ||
      /^\s*(no|false|0|off)\s*$/i.test(fields.get("enabled") ?? "")
    )
      continue;
    const options = {};
    for (const field of keptFields) {
      const value = fields.get(field.toLowerCase());
      if (value !== undefined) options[field] = value;
    }
    sources.push({
      uris: words(fields.get("uris")),
      suites: words(fields.get("suites")),
      components: words(fields.get("components")),
      options,
    });
  }
  return sources;
}

/** Fields by lower-case name; a value keeps its further lines as they are (Signed-By may hold a whole key). */
function stanzas(text) {
  const all = [new Map()];
  let field = "";
  for (const line of text.split("\n")) {
    const start = /^([^\s#:]+):(.*)$/.exec(line);
    if (line.startsWith("#")) continue;
    if (line.trim() === "") all.push(new Map());
    else if (start) all.at(-1).set((field = start[1].toLowerCase()), start[2].trim());
    else if (all.at(-1).has(field)) all.at(-1).set(field, `${all.at(-1).get(field)}\n${line.trimEnd()}`);
  }
  return all.filter((fields) => fields.size > 0);
}

function words(text = "") {
  return text.split(/\s+/).filter((word) => word !== "");
}

/**
 * The .sources file that adds a release's backports to apt's sources; null when the suite is there already,
 * undefined when no entry looks like Debian's own archive.
 */
export function backportsSource(sources, codename) {
  const suite = `${codename}-backports`;
  if (sources.some(({ suites }) => suites.includes(suite))) return null;

  const archive = mainArchive(sources, codename);
  if (!archive) return undefined;
  const options = Object.entries(archive.options).map(
    ([field, value]) => `${field}:${value.startsWith("\n") ? "" : " "}${value}`,
  );
  return [
    "# Written by Tessera's scripts/setup.mjs, for a Mesa new enough for WebGPU; delete this file to undo it.",
    "Types: deb",
    `URIs: ${archive.uris.filter((uri) => !isSecurity(uri)).join(" ")}`,
    `Suites: ${suite}`,
    "Components: main",
    ...options,
    "",
  ].join("\n");
}

/**
 * Debian's main archive among the sources. Other archives carry the same suite and component names, so an
 * entry is judged by what only Debian's own has: the -updates suite beside it, its key, its customary path.
 */
function mainArchive(sources, codename) {
  const releases = [codename, "stable", "oldstable"];
  let best;
  let bestScore = 0;
  for (const source of sources) {
    const { uris, suites, components, options } = source;
    if (!suites.some((suite) => releases.includes(suite)) || !components.includes("main")) continue;
    if (uris.every(isSecurity)) continue;
    const hasUpdates = sources.some(
      (other) =>
        other.uris.some((uri) => uris.includes(uri)) &&
        other.suites.some((suite) => releases.some((release) => suite === `${release}-updates`)),
    );
    const key = options["Signed-By"];
    const score =
      (hasUpdates ? 8 : 0) +
      (key?.includes("debian-archive") ? 4 : 0) +
      (uris.some((uri) => /\/debian\/?$/.test(uri)) ? 2 : 0) +
      // The way Debian's installer wrote its own entry before keys were named in the sources.
      (key === undefined ? 1 : 0);
    if (score > bestScore) {
      best = source;
      bestScore = score;
    }
  }
  return best;
}

function isSecurity(uri) {
  return uri.includes("security") || uri.startsWith("cdrom:");
}
