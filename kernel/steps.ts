/**
 * Work that may pause: it yields wherever something else may come between, and a request where it needs what others
 * make. The same steps run all at once or in slices.
 */
export type Steps<T, Request = never, Answer = unknown> = Generator<Request | undefined, T, Answer>;

/** Runs all steps at once. Requests are answered by `answer`; steps without any need none. */
export function runSteps<T>(steps: Steps<T>): T;
export function runSteps<T, Request, Answer>(steps: Steps<T, Request, Answer>, answer: (request: Request) => Answer): T;
export function runSteps<T, Request, Answer>(
  steps: Steps<T, Request, Answer>,
  answer?: (request: Request) => Answer,
): T {
  let given: Answer | undefined;
  for (;;) {
    const step = steps.next(given as Answer);
    if (step.done === true) return step.value;
    given = step.value === undefined ? undefined : answer?.(step.value);
  }
}

/**
 * Long enough that pauses cost little, short enough that requests do not notice: one waits for a slice when it comes, and
 * for another when its upstream has answered.
 */
const SLICE_MS = 0.5;
const LEISURE_MS = 2;

/** Runs the steps in slices, between which the event loop turns. Rejects with what they throw. */
export function runInSlices<T, Request = never, Answer = unknown>(
  steps: Steps<T, Request, Answer>,
  answer?: (request: Request) => Promise<Answer>,
): Promise<T> {
  return runWithPauses(steps, () => new Promise((resolve) => setImmediate(resolve)), answer);
}

/**
 * The same for what nobody waits for, with a pause after each slice in which the event loop has nothing of it: a request
 * takes several turns, and would meet a slice in each.
 */
export function runAtLeisure<T, Request = never, Answer = unknown>(
  steps: Steps<T, Request, Answer>,
  answer?: (request: Request) => Promise<Answer>,
): Promise<T> {
  return runWithPauses(steps, () => new Promise((resolve) => setTimeout(resolve, LEISURE_MS)), answer);
}

async function runWithPauses<T, Request, Answer>(
  steps: Steps<T, Request, Answer>,
  pause: () => Promise<void>,
  answer: ((request: Request) => Promise<Answer>) | undefined,
): Promise<T> {
  let given: Answer | undefined;
  let sliceEndsAt = performance.now() + SLICE_MS;
  for (;;) {
    const step = steps.next(given as Answer);
    if (step.done === true) return step.value;
    given = undefined;
    if (step.value !== undefined) {
      given = await answer?.(step.value);
      sliceEndsAt = performance.now() + SLICE_MS;
    } else if (performance.now() >= sliceEndsAt) {
      await pause();
      sliceEndsAt = performance.now() + SLICE_MS;
    }
  }
}
