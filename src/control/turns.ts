/** Work that takes much, some at a time and the rest in turn, so that one tenant cannot keep all others waiting. */
export interface Turns {
  /** @throws what `refuse` gives when too many wait already; rejects as the work does */
  run<T>(whose: string, work: () => Promise<T>): Promise<T>;
}

export interface TurnsOptions {
  /** At the same time, of all. */
  readonly most: number;
  /** At the same time, of one. */
  readonly mostOfOne: number;
  /** Waiting, of one. */
  readonly mostWaitingOfOne: number;
  /** Waiting, of all. */
  readonly mostWaiting: number;
  refuse(): Error;
}

interface Waiting {
  readonly whose: string;
  start(): void;
}

export function createTurns({ most, mostOfOne, mostWaitingOfOne, mostWaiting, refuse }: TurnsOptions): Turns {
  const running = new Map<string, number>();
  const waiting: Waiting[] = [];
  let all = 0;

  const isFree = (whose: string) => all < most && (running.get(whose) ?? 0) < mostOfOne;
  const take = (whose: string) => {
    all += 1;
    running.set(whose, (running.get(whose) ?? 0) + 1);
  };
  const giveBack = (whose: string) => {
    all -= 1;
    const left = (running.get(whose) ?? 1) - 1;
    if (left === 0) running.delete(whose);
    else running.set(whose, left);
    const next = waiting.findIndex((one) => isFree(one.whose));
    if (next === -1) return;
    const [started] = waiting.splice(next, 1);
    if (started === undefined) return;
    // It has its place before anybody else can ask for one.
    take(started.whose);
    started.start();
  };
  return {
    async run(whose, work) {
      if (isFree(whose)) take(whose);
      else {
        const own = waiting.filter((one) => one.whose === whose).length;
        if (own >= mostWaitingOfOne || waiting.length >= mostWaiting) throw refuse();
        await new Promise<void>((start) => waiting.push({ whose, start }));
      }
      try {
        return await work();
      } finally {
        giveBack(whose);
      }
    },
  };
}
