// Texts of others, such as names in a manifest or a damaged file, as they are shown: nobody's terminal obeys them.

const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/gu;

/** Control characters, and those that turn the direction of writing, by their numbers: "\u001b". Line feeds and tabs stay. */
export function plainText(text: string): string {
  return text.replace(controls, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
