// Lines of a terminal.
import { expect, test } from "vitest";
import { wrappedText } from "../../src/cli/terminal/wrapped-text.ts";

test("text is broken between words, and further lines are indented", () => {
  expect(wrappedText("a wing behind a propeller", 12, "  ")).toBe("a wing\n  behind a\n  propeller");
  expect(wrappedText("a wing", 12, "  ")).toBe("a wing");
  expect(wrappedText("", 12)).toBe("");
});

test("what takes no column is not counted, and signs in full width count twice", () => {
  const bold = "\u001b[1mwing\u001b[22m and boat";
  expect(wrappedText(bold, 8)).toBe("\u001b[1mwing\u001b[22m and\nboat");
  expect(wrappedText("na\u0308he und", 8)).toBe("na\u0308he und");
  expect(wrappedText("\u6a5f\u68b0\u5b66\u7fd2", 4)).toBe("\u6a5f\u68b0\n\u5b66\u7fd2");
});

test("a word that is longer than a line is broken within, control sequences never", () => {
  expect(wrappedText("abcdefghij kl", 4)).toBe("abcd\nefgh\nij\nkl");
  expect(wrappedText("\u001b[1mabcdef\u001b[22m", 4)).toBe("\u001b[1mabcd\nef\u001b[22m");
});
