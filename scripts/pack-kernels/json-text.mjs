// JSON of numbers as they are: an infinity is written 1e999, which every reader takes for one, and -0 keeps its sign.

export function jsonText(value) {
  const marked = JSON.stringify(value, (_, each) => {
    if (typeof each !== "number") return each;
    if (Number.isNaN(each)) throw new Error("NaN is no number of JSON");
    if (Object.is(each, -0)) return "number -0";
    if (!Number.isFinite(each)) return each > 0 ? "number 1e999" : "number -1e999";
    return each;
  });
  return marked.replace(/"number (-0|-?1e999)"/gu, "$1");
}
