// What the page shows: everything is text, put there as text.

export const byId = (id) => document.getElementById(id);

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** A number with three digits that count, without an exponent. */
export const shown = (value) =>
  Number(value.toPrecision(3)).toLocaleString("en", { maximumFractionDigits: 20 });

function time(seconds) {
  if (seconds >= 1) return `${shown(seconds)} s`;
  return seconds >= 1e-3 ? `${shown(1e3 * seconds)} ms` : `${shown(1e6 * seconds)} µs`;
}

export function say(text) {
  byId("status").textContent = text;
}

/** A sentence about something that went wrong, where the adapter is told. */
export function sayWrong(text) {
  byId("adapter").replaceChildren(element("p", text, { class: "wrong", role: "alert" }));
}

export function showAdapter({
  name,
  vendor,
  architecture,
  isSoftware,
  features,
  subgroupMinSize,
  subgroupMaxSize,
}) {
  const lanes =
    subgroupMinSize === subgroupMaxSize ? subgroupMinSize : `${subgroupMinSize} to ${subgroupMaxSize}`;
  const rows = [
    ["Name", name],
    ["Vendor", [vendor, architecture].filter(Boolean).join(", ") || "not told"],
    ["Kind", isSoftware ? "a software driver: times say little about GPUs" : "a GPU"],
    ["Features", features.join(", ") || "none of those used here"],
    ["Subgroups", subgroupMinSize ? `${lanes} lanes` : "not told"],
  ];
  const list = element("dl");
  for (const [term, text] of rows) list.append(element("dt", term), element("dd", text));
  byId("adapter").replaceChildren(list);
}

export function showCases({ run, skipped, differ }, isDone) {
  byId("cases").hidden = false;
  const verdict = byId("verdict");
  const count = `${run.toLocaleString("en")} candidates`;
  verdict.className = differ.length > 0 ? "wrong" : "right";
  verdict.textContent =
    differ.length === 0
      ? `${count} computed, all within their bounds${isDone ? "." : " so far."}`
      : `${differ.length} of ${count} differ from the reference${isDone ? ":" : " so far:"}`;
  const lines = differ
    .slice(0, 50)
    .map((each) => element("li", `${each.operator}, ${each.case}, by ${each.candidate}: ${each.message}`));
  if (differ.length > 50) lines.push(element("li", `and ${differ.length - 50} more, in the result below`));
  byId("differences").replaceChildren(...lines);
  const reasons = Object.entries(skipped).map(([reason, times]) => `${times} because ${reason}`);
  byId("skipped").textContent = reasons.length === 0 ? "" : `Not run: ${reasons.join("; ")}.`;
}

const methods = {
  timestamps: "By the GPU's timestamps.",
  rounded:
    "By the GPU's timestamps, which this browser rounds to 100 µs: launches are repeated until that matters little. (Chrome " +
    "gives them in full with chrome://flags/#enable-webgpu-developer-features.)",
  queue:
    "By how long the queue takes for many repeats, less what it takes for nothing: this adapter has no timestamps here, and " +
    "short launches are measured less well.",
};

export function showMethod(method) {
  byId("times").hidden = false;
  byId("method").textContent = `${methods[method]} Medians of up to 11 measurements, with the quartiles.`;
}

/** A row of the table, for one candidate. */
export function addTime({ operator, title, isRule }, timed) {
  const { candidate, median, low, high, measurements, gflops, gigabytes, message, skipped } = timed;
  const row = element("tr");
  const head = element("th", operator, { scope: "row" });
  head.append(element("span", title));
  const name = candidate === "only" ? "" : `${candidate}${isRule ? " (taken)" : ""}`;
  row.append(head, element("td", name, { class: "wide" }));
  if (median === undefined) {
    const why = message ?? `not run: ${skipped}`;
    row.append(element("td", why, { colspan: "4", class: message ? "wide wrong" : "wide quiet" }));
  } else {
    const cells = [
      ["Median", time(median)],
      ["Quartiles", measurements === 1 ? "measured once" : `${time(low)} – ${time(high)}`],
      ["GFLOP/s", gflops === null ? "–" : shown(gflops)],
      ["GB/s", shown(gigabytes)],
    ];
    row.append(
      ...cells.map(([label, text]) => element("td", text, { class: "number", "data-label": label })),
    );
  }
  byId("rows").append(row);
}

/** The result as JSON, to copy or to download. */
export function showResult(result, issues) {
  byId("result").hidden = false;
  const where = byId("where");
  where.textContent = "Send it as an issue of Tessera's repository: paste it, or attach the file. ";
  if (issues !== null) where.append(element("a", issues, { href: issues, rel: "noreferrer" }));
  where.append(
    element("span", " It names your adapter and your browser, and nothing else about you or your computer."),
  );
  byId("json").value = JSON.stringify(result, undefined, 1);
}

export function wireResult() {
  byId("copy").addEventListener("click", () => {
    const text = byId("json");
    navigator.clipboard.writeText(text.value).then(
      () => (byId("copied").textContent = "Copied."),
      () => {
        text.select();
        byId("copied").textContent = "The browser refused; the text is selected, copy it by hand.";
      },
    );
  });
  byId("download").addEventListener("click", () => {
    const url = URL.createObjectURL(new Blob([byId("json").value], { type: "application/json" }));
    element("a", undefined, { href: url, download: "tessera-kernels.json" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  });
}
