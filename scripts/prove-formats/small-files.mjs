// What samples of all kinds are made with: bytes that look like noise but are the same in each process, lines, and manifests.

export const noise = (length, version, below = 256) =>
  Uint8Array.from({ length }, (_, i) => (Math.imul(i + 7 + 1000 * version, 2654435761) >>> 11) % below);
export const twenty = Array.from({ length: 20 }, (_, i) => i);
export const lines = (...all) => Buffer.from(`${all.join("\n")}\n`);

/** A manifest of one source in the words of YAML's flow style. */
export const manifest = (classes, entry) => `
classes: [${classes}]
image: { height: 8, width: 8 }
sources: [{ name: S, ${entry} }]`;
export const byImage = "split: { by: image, train: 0.6, test: 0.4 }";
export const byPatient = "split: { by: patient, train: 0.6, test: 0.4 }";
