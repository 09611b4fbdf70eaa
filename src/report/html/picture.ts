// A figure as a file of its own: SVG that loads no other file, with its title and its text in the picture. Its colours are
// plain values on white, since many programs that draw SVG know neither CSS variables nor dark mode.

import { lines } from "./drawing.ts";
import { fragment, Markup } from "./markup.ts";
import type { Figure } from "./page.ts";
import { fonts, light } from "./style.ts";

const padding = 16;
const sizes = { title: 15, text: 11 } as const;

/** The whole file, of UTF-8. */
export function pictureText({ title, text, numbers, drawing }: Figure): string {
  const width = drawing.width + 2 * padding;
  const block = (
    content: string,
    size: number,
    letterWidth: number,
    y: number,
    weight: number,
    colour: string,
  ) => {
    const found = lines(content, Math.floor(drawing.width / (size * letterWidth)));
    const step = size * 1.4;
    return {
      end: y + found.length * step,
      markup: found.map(
        (line, i) =>
          fragment`<text x="${padding}" y="${(y + size + i * step).toFixed(1)}" font-size="${size}" font-weight="${weight}" fill="${colour}" text-anchor="start">${line}</text>\n`,
      ),
    };
  };
  const head = block(title, sizes.title, 0.6, padding, 600, light.ink);
  const top = head.end + 8;
  const caption = block(text, sizes.text, 0.56, top + drawing.height + 10, 400, light.muted);
  const height = Math.ceil(caption.end + padding);
  return fragment`<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title text" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" fill="${light.ink}" color="${light.ink}" font-family="${fonts}" font-size="12" text-anchor="middle" style="white-space: pre">
<title id="title">${title}</title>
<desc id="text">${numbers === undefined ? text : `${text} ${numbers}`}</desc>
<rect width="${width}" height="${height}" fill="${light.paper}"/>
${head.markup}<svg x="${padding}" y="${top.toFixed(1)}" width="${drawing.width}" height="${drawing.height}" viewBox="0 0 ${drawing.width} ${drawing.height}">
${plain(drawing.markup)}</svg>
${caption.markup}</svg>
`.text;
}

/** Replaces colour variables by their values. */
function plain({ text }: Markup): Markup {
  const colours: Readonly<Record<string, string>> = light;
  return new Markup(text.replace(/="var\(--(\w+)\)"/g, (all, name: string) => `="${colours[name] ?? all}"`));
}
