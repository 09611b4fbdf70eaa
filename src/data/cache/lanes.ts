// Work on many things, some of it under way at a time.

/**
 * Begins the items in order, `lanes` of them at a time. When one fails, or there is reason to stop, no other is begun, and
 * those under way come to their end first.
 *
 * @throws what the work on an item threw
 */
export async function inLanes<Item>(
  lanes: number,
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
  stopped: () => boolean = () => false,
): Promise<void> {
  let next = 0;
  let failed = false;
  const lane = async (): Promise<void> => {
    while (next < items.length && !failed && !stopped()) {
      try {
        await work(items[next++]);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: lanes }, lane));
  const lost = ended.find(({ status }) => status === "rejected");
  if (lost?.status === "rejected") throw lost.reason;
}
