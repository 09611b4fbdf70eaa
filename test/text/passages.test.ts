// Words, stems, and the passage that is shown of a text.
import { expect, test } from "vitest";
import { passageOf } from "../../src/text/texts/passage.ts";
import { stemsOf, wordsOf } from "../../src/text/texts/words.ts";

test("stems are English ones of small letters without accents; other scripts stay whole", () => {
  expect(stemsOf("The Wings' naïve effects, x86_64: Ångström Москва")).toEqual([
    ...["the", "wing", "naiv", "effect", "x86", "64", "angstrom", "москва"],
  ]);
  expect(wordsOf("a Cafe\u0301!").map(({ start, end, stem }) => [start, end, stem])).toEqual([
    [0, 1, "a"],
    [2, 7, "cafe"],
  ]);
});

test("marks that make another letter stay, accents and points do not count", () => {
  expect(stemsOf("हिन्दी की कि श Αθήνα İstanbul שָׁלוֹם البَحْثُ ガカ")).toEqual([
    ...["हिन्दी", "की", "कि", "श", "αθηνα", "istanbul", "שלום", "البحث", "ガ", "ガカ", "カ"],
  ]);
});

test("scripts without blanks are found by letters and pairs of them, wherever they stand", () => {
  expect(stemsOf("2024年GPU、神经网")).toEqual(["2024", "年", "gpu", "神", "神经", "经", "经网", "网"]);
  const ofThai = stemsOf("การค้นหาข้อความ");
  expect(stemsOf("ค้นหา").every((stem) => ofThai.includes(stem))).toBe(true);
  expect(stemsOf("\u{20bb7}野")).toEqual(["\u{20bb7}", "\u{20bb7}野", "野"]); // two units of UTF-16
  const found = new Map([
    ["神经", 2],
    ["经", 1],
    ["经网", 2],
    ["网络", 2],
  ]);
  const { text, matches } = passageOf("我们用神经网络学习。", found);
  expect(matches.map(([start, end]) => text.slice(start, end))).toEqual(["神经网络"]);
});

const weights = new Map([
  ["wing", 2],
  ["slipstream", 5],
]);
const filler = "nothing of note here ".repeat(20);

test("a short text is shown whole, with the words that matched", () => {
  const { text, matches } = passageOf("The\n wings in a  slipstream.", weights);
  expect(text).toBe("The wings in a slipstream.");
  expect(matches.map(([start, end]) => text.slice(start, end))).toEqual(["wings", "slipstream"]);
});

test("of a long text the stretch is shown where the rarest words stand together", () => {
  const long = `${filler}a wing ${filler}its wings meet a slipstream there ${filler}slipstream ${filler}`;
  const { text, matches } = passageOf(long, weights, 80);
  expect(text.length).toBeLessThanOrEqual(84);
  expect(text).toMatch(/^… .*its wings meet a slipstream there.* …$/);
  expect(matches.map(([start, end]) => text.slice(start, end))).toEqual(["wings", "slipstream"]);
  expect(text.indexOf("wings")).toBeGreaterThan(15); // in the middle
});

test("without a word that matches the beginning is shown", () => {
  const { text, matches } = passageOf(filler, weights, 30);
  expect(text).toBe("nothing of note here nothing …");
  expect(matches).toEqual([]);
  expect(passageOf("", weights)).toEqual({ text: "", matches: [] });
});

test("a word longer than the passage is cut, and matches at both ends are kept whole", () => {
  expect(passageOf("x".repeat(100), weights, 20).text).toBe(`${"x".repeat(20)} …`);
  const tight = `${filler}wing ${"y".repeat(10)} slipstream.${filler}`;
  const { text, matches } = passageOf(tight, weights, 26);
  expect(matches.map(([start, end]) => text.slice(start, end))).toEqual(["wing", "slipstream"]);
  expect(passageOf(`${filler}${"z".repeat(300)} slipstream end`, weights, 60).text).toBe("… slipstream end");
});
