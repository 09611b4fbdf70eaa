// Workaround: Dawn for Node waits by spinning, and so takes a core away from a software GPU.
//
// The bug: while any promise of the device is pending (mapAsync, onSubmittedWorkDone, a pipeline that compiles),
// dawn.node asks for its next ProcessEvents through `globalThis.setImmediate`, some 50,000 times a second (webgpu
// 0.6.2; node-webgpu's issue 17 was the same loop without an end). With lavapipe the GPU is these cores: on 2 cores a
// wait of 540 ms burnt 540 ms of one of them (November 2026).
//
// What is done: `setImmediate` is wrapped. Dawn's callbacks, native functions without name and parameters (a promise's
// resolve, which people pass too, has one parameter), run at once for the first millisecond of a wait, so that short
// readbacks stay fast, and then once a millisecond. Every other callback goes to Node untouched.
//
// When to delete it: when dawn.node waits without spinning; the test "waiting takes no core" passes without it then.

/** A wait that is shorter than this is polled without a pause, in milliseconds. */
const eagerFor = 1;
/** The pause between two polls after that; Node's timers have no finer one. */
const pause = 1;
/** Polls further apart than this belong to different waits. */
const gap = 10;

const nativeCode = /^function \(\) \{ \[native code\] \}$/;

function isPoll(callback: unknown): callback is () => void {
  return (
    typeof callback === "function" &&
    callback.name === "" &&
    callback.length === 0 &&
    nativeCode.test(Function.prototype.toString.call(callback))
  );
}

const installed = Symbol.for("tessera.patientPolling");

/** Wraps `setImmediate` once per process. */
export function pollPatiently(): void {
  const original = globalThis.setImmediate as typeof setImmediate & { [installed]?: true };
  if (original[installed] === true) return;
  let began = 0;
  let last = 0;
  const patient = ((callback: (...parameters: unknown[]) => void, ...parameters: unknown[]): unknown => {
    if (parameters.length > 0 || !isPoll(callback)) return original(callback, ...parameters);
    const now = performance.now();
    if (now - last > gap) began = now;
    last = now;
    return now - began < eagerFor ? original(callback) : setTimeout(callback, pause);
  }) as typeof setImmediate;
  // What hangs on the function stays on it: util.promisify finds its own version there.
  Object.defineProperties(patient, Object.getOwnPropertyDescriptors(original));
  Object.defineProperty(patient, installed, { value: true });
  globalThis.setImmediate = patient;
}
