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

/** Makes what there must be one of: where another instance was quicker, it is there at the second look. */
export async function orAgain<T>(make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (!(error instanceof UserErrors) || error.errors.every(({ code }) => code !== 'TAKEN')) throw error;
    return make();
  }
}
