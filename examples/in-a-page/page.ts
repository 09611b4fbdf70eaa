// The page: what the worker tells, as text.

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
worker.addEventListener("message", ({ data }: MessageEvent<object>) => {
  const line = document.createElement("p");
  line.textContent = JSON.stringify(data, (_, value: unknown) =>
    value instanceof Uint8Array ? `${value.length} bytes` : value,
  );
  document.body.append(line);
});
worker.addEventListener("error", ({ message }) => document.body.append(message));
