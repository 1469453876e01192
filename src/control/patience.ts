import { UserErrors } from '../../admin/errors.ts';

/** What comes of it, or undefined after that time. What is left behind may end as it likes. */
export async function within<T>(mostMs: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), mostMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => {});
  }
}

/** More than there are things that instances make at their start: each can be taken once, and is found at the next look. */
const MOST_LOOKS = 5;

/** Makes what there must be one of: where another instance was quicker, it is there at the next look. */
export async function orAgain<T>(make: () => Promise<T>): Promise<T> {
  for (let look = 1; ; look += 1) {
    try {
      return await make();
    } catch (error) {
      if (!(error instanceof UserErrors) || error.errors.every(({ code }) => code !== 'TAKEN')) throw error;
      if (look === MOST_LOOKS) throw error;
    }
  }
}
