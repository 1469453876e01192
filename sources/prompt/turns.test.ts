import { expect, test } from 'vitest';
import { createCallContext } from '../../test/utils/call-context.ts';
import { deferred } from '../../test/utils/deferred.ts';
import { Turns } from './turns.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('so many run at a time, and the others in their order', async () => {
  const turns = new Turns(2);
  const { context } = createCallContext();
  const ends = [deferred<void>(), deferred<void>(), deferred<void>(), deferred<void>()];
  const begun: number[] = [];
  const all = ends.map(({ promise }, index) =>
    turns.take(context, async () => {
      begun.push(index);
      await promise;
      if (index === 1) throw new Error('broken');
      return index;
    }),
  );
  await settled();
  expect(begun).toEqual([0, 1]);
  ends[1]?.resolve();
  await expect(all[1]).rejects.toThrow('broken');
  await settled();
  expect(begun).toEqual([0, 1, 2]);
  for (const { resolve } of ends) resolve();
  expect(await Promise.all([all[0], all[2], all[3]])).toEqual([0, 2, 3]);
});

test('who leaves while waiting takes no turn from the others', async () => {
  const turns = new Turns(1);
  const { context } = createCallContext();
  const leaving = createCallContext();
  const end = deferred<void>();
  const first = turns.take(context, () => end.promise);
  const gone = turns.take(leaving.context, async () => 'never');
  const last = turns.take(context, async () => 'last');
  leaving.abort();
  await expect(gone).rejects.toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' });
  await expect(turns.take(leaving.context, async () => 'never')).rejects.toMatchObject({
    code: 'CLIENT_CLOSED_REQUEST',
  });
  end.resolve();
  await first;
  expect(await last).toBe('last');
  expect(await turns.take(context, async () => 'free again')).toBe('free again');
});
