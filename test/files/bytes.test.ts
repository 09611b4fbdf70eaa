import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile, mkdir, truncate } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readBytes, readText } from "../../src/files/bytes.ts";
import { belowRoot } from "../../src/files/paths.ts";
import { complaint } from "../data/images/complaint.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tessera-bytes-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function fileOf(name: string, content: Uint8Array | string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
}

/** Compared as buffers: toEqual takes seconds over so many elements. */
async function readsTo(file: string, content: Uint8Array, most?: number): Promise<void> {
  const bytes = await readBytes(file, most === undefined ? {} : { most });
  expect(bytes.length).toBe(content.length);
  expect(Buffer.compare(bytes, content)).toBe(0);
}

const ramp = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) >> 7);

describe("readBytes", () => {
  test("reads plain and gzip'd files by their content, whatever they are called", async () => {
    await readsTo(await fileOf("plain.gz", ramp), ramp);
    await readsTo(await fileOf("zipped.bin", gzipSync(ramp)), ramp);
    await readsTo(await fileOf("empty", ""), new Uint8Array(0));
    await readsTo(await fileOf("one", "x"), new Uint8Array([120]));
    await readsTo(await fileOf("nothing.gz", gzipSync("")), new Uint8Array(0));
  });

  test("reads a gzip file of several members, and one padded with zeros", async () => {
    const members = Buffer.concat([gzipSync("ab"), gzipSync("cd"), new Uint8Array(1000)]);
    expect(Buffer.from(await readBytes(await fileOf("members", members))).toString()).toBe("abcd");
    const padded = Buffer.concat([gzipSync(ramp), new Uint8Array(200_000)]);
    await readsTo(await fileOf("padded", padded), ramp);
  });

  test("reads up to its limit and not one byte more", async () => {
    const plain = await fileOf("limit-plain", ramp);
    const zipped = await fileOf("limit-zipped", gzipSync(ramp));
    for (const file of [plain, zipped]) await readsTo(file, ramp, ramp.length);
    const most = ramp.length - 1;
    expect(await complaint(readBytes(plain, { most }), plain)).toBe(
      "holds 300000 bytes; at most 299999 bytes are read of a file of its kind",
    );
    expect(await complaint(readBytes(zipped, { most }), zipped)).toMatch(
      /^unpacks to more; at most 299999 bytes/u,
    );
  });

  test("refuses a sparse file and a gzip bomb without holding them", async () => {
    const sparse = await fileOf("sparse", "");
    await truncate(sparse, 2 ** 40);
    const bomb = await fileOf("bomb", gzipSync(new Uint8Array(2 ** 26)));
    const before = process.memoryUsage.rss();
    expect(await complaint(readBytes(sparse), sparse)).toMatch(/^holds 1099511627776 bytes/u);
    expect(await complaint(readBytes(bomb, { most: 2 ** 20 }), bomb)).toMatch(/^unpacks to more/u);
    expect(process.memoryUsage.rss() - before).toBeLessThan(2 ** 26);
  });

  test("says what is wrong with a gzip stream", async () => {
    const whole = gzipSync(ramp);
    for (const length of [2, 9, 20, whole.length >> 1, whole.length - 1]) {
      const cut = await fileOf(`cut-${length}`, whole.subarray(0, length));
      expect(await complaint(readBytes(cut), cut)).toContain("its gzip stream breaks off early");
    }
    const flipped = Buffer.from(whole);
    flipped[whole.length - 6] = (flipped[whole.length - 6] ?? 0) ^ 1;
    const damaged = await fileOf("damaged", flipped);
    expect(await complaint(readBytes(damaged), damaged)).toMatch(/its gzip stream is damaged \(.+\)/u);
  });

  test.each([5, 12, 70_000, 1_000_000])(
    "refuses %i bytes of something else after a gzip stream",
    async (length) => {
      const file = await fileOf(
        `tail-${length}`,
        Buffer.concat([gzipSync(ramp), new Uint8Array(length).fill(65)]),
      );
      expect(await complaint(readBytes(file), file)).toMatch(/gzip stream/u);
    },
  );

  test("refuses what is missing or not a plain file, at once", async () => {
    const missing = join(folder, "missing");
    expect(await complaint(readBytes(missing), missing)).toBe("does not exist");
    const within = join(await fileOf("file", "x"), "within");
    expect(await complaint(readBytes(within), within)).toBe("does not exist");
    expect(await complaint(readBytes(folder), folder)).toBe("is not a file");
    const zero = `${folder}/a\0b`;
    expect(await complaint(readBytes(zero), zero)).toMatch(/^cannot be opened/u);
  });

  test.skipIf(process.platform === "win32")("does not wait on pipes, devices and sockets", async () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    expect(await complaint(readBytes(pipe), pipe)).toBe("is not a file");
    expect(await complaint(readBytes("/dev/zero"), "/dev/zero")).toBe("is not a file");
    const socket = join(folder, "socket");
    const server = createServer();
    await new Promise<void>((listening) => server.listen(socket, listening));
    try {
      expect(await complaint(readBytes(socket), socket)).toBe("is not a file");
    } finally {
      server.close();
    }
  });
});

describe("readText", () => {
  test("drops a byte order mark and unpacks gzip", async () => {
    expect(await readText(await fileOf("mark.csv", "\ufeffa,ä\r\n"))).toBe("a,ä\r\n");
    expect(await readText(await fileOf("text.csv.gz", gzipSync("é\n")))).toBe("é\n");
  });

  test("says what is not UTF-8, and how to mend it", async () => {
    const latin = await fileOf("latin.csv", Buffer.from("a\nb\nM\xe4dchen\n", "latin1"));
    expect(await complaint(readText(latin), latin)).toBe("is not UTF-8 text (line 3); save it as UTF-8");
    const wide = await fileOf("wide.csv", Buffer.from("\ufeffä", "utf16le"));
    expect(await complaint(readText(wide), wide)).toContain("it starts like UTF-16");
    const binary = await fileOf("binary.csv", new Uint8Array([0x89, 0, 1, 0xff]));
    expect(await complaint(readText(binary), binary)).toContain("binary data");
    expect(await complaint(readText(latin, { most: 4 }), latin)).toContain("at most 4 bytes");
  });
});

describe("belowRoot", () => {
  test("gives the absolute path of what lies below the root", () => {
    expect(belowRoot("data", "a/b c.png")).toBe(resolve("data/a/b c.png"));
    expect(belowRoot("/data/", "./a/../b.png")).toBe(resolve("/data/b.png"));
    expect(belowRoot("/data", "..b.png")).toBe(resolve("/data/..b.png"));
  });

  test.each([
    "",
    ".",
    "a/..",
    "..",
    "../a",
    "a/../../b",
    "/etc/passwd",
    "C:/a",
    "..\\a",
    "\\\\host\\a",
    "a\0b",
  ])("refuses %j", async (path) => {
    await mkdir(join(folder, "root"), { recursive: true });
    expect(belowRoot(join(folder, "root"), path)).toBeUndefined();
  });
});
