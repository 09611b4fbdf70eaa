// A bitmap font of printable ASCII, so that captions need no font on the machine and are the same on every one.

/** Dots of one letter with the space beside it, and of one line with the space below it. */
export const letterWidth = 6;
export const lineHeight = 11;
/** A letter that is all ink, for legends: its colour is what is said. */
export const swatch = "\u2588";

/**
 * The dots of a text that are inked, from the left and the top; what is not printable ASCII, nor a swatch, becomes a question mark.
 *
 * @param dot given column and row of a dot, in dots
 */
export function inkText(text: string, dot: (x: number, y: number) => void): void {
  for (const [i, letter] of Array.from(text).entries()) {
    const rows = glyphs[letter] ?? glyphs["?"];
    for (let y = 0; y < rows.length; y++) {
      const dots = parseInt(rows.charAt(y), 32);
      for (let x = 0; x < 5; x++) {
        if ((dots >> (4 - x)) & 1) dot(i * letterWidth + x, y);
      }
    }
  }
}

/** Every printable ASCII letter: a row of five dots is one digit to base 32, top row first, up to two below the line. */
// prettier-ignore
const glyphs: Readonly<Record<string, string>> = {
  [swatch]: "vvvvvvv", " ": "0000000", "!": "4444404", '"': "aaa0000", "#": "aavavaa", $: "4fke5u4", "%": "op248j3", "&": "cik8lid",
  "'": "4400000", "(": "2488842", ")": "8422248", "*": "04lel40", "+": "044v440", ",": "00000cc48", "-": "000e000",
  ".": "00000cc", "/": "112488g", ":": "0cc0cc0", ";": "0cc0cc48", "<": "1248421", "=": "00v0v00", ">": "g84248g",
  "?": "eh12404", "@": "ehnlnge", "[": "e88888e", "\\": "g884221", "]": "e22222e", "^": "4ah0000", _: "0000000v",
  "`": "8420000", "{": "2448442", "|": "4444444", "}": "8442448", "~": "008l200",
  0: "ehjlphe", 1: "4c4444e", 2: "eh1248v", 3: "v2421he", 4: "26aiv22", 5: "vgu11he", 6: "68guhhe", 7: "v124888",
  8: "ehhehhe", 9: "ehhf12c",
  A: "ehhvhhh", B: "uhhuhhu", C: "ehggghe", D: "sihhhis", E: "vgguggv", F: "vgguggg", G: "ehgnhhf", H: "hhhvhhh",
  I: "e44444e", J: "72222ic", K: "hikokih", L: "ggggggv", M: "hrllhhh", N: "hhpljhh", O: "ehhhhhe", P: "uhhuggg",
  Q: "ehhhlid", R: "uhhukih", S: "fgge11u", T: "v444444", U: "hhhhhhe", V: "hhhhha4", W: "hhhllla", X: "hha4ahh",
  Y: "hhha444", Z: "v1248gv",
  a: "00e1fhf", b: "ggmphhu", c: "00egghe", d: "11djhhf", e: "00ehvge", f: "698s888", g: "00fhhhf1e", h: "ggmphhh",
  i: "40c444e", j: "2062222ic", k: "ggikoki", l: "c44444e", m: "00qllll", n: "00mphhh", o: "00ehhhe", p: "00uhhhugg",
  q: "00fhhhf11", r: "00mpggg", s: "00fge1u", t: "88s8896", u: "00hhhjd", v: "00hhha4", w: "00hhlla", x: "00ha4ah",
  y: "00hhhhf1e", z: "00v248v",
};
