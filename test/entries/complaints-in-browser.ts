// What layers say of an engine that is none, for a bundle that a minifier has gone over.

import { GroupNorm, Linear } from "@tessera-gpu/tessera/nn";

export function complaints(): readonly string[] {
  const makers = [GroupNorm, Linear] as unknown as readonly (new () => unknown)[];
  return makers.map((Maker) => {
    try {
      new Maker();
      return "nothing";
    } catch (error) {
      const { name, message } = error as Error;
      return `${name}: ${message}`;
    }
  });
}
