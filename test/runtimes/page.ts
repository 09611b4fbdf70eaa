// The checks as a program of a page, or of Deno: what it finds goes to the server that it came from.

import { check } from "./checks.ts";

interface Home {
  readonly location?: { readonly href?: string };
  readonly Deno?: { readonly args: readonly string[] };
}

const { location, Deno } = globalThis as Home;
const server = new URL(Deno?.args[0] ?? location?.href ?? "");
const send = async (path: string, body: unknown): Promise<void> => {
  await fetch(new URL(path, server), { method: "POST", body: JSON.stringify(body) });
};

try {
  const nth = Number(server.searchParams.get("nth") ?? "1");
  const checked = await check(nth, (text) => void send("/progress", text));
  await send("/result", checked);
} catch (error) {
  await send("/result", { error: (error as Error).stack ?? String(error) });
}
