/** How often a property is tried: enough for every day. With SKEIN_TEST_RUNS=10 it is ten times that, for a night. */
export function runs(count: number): number {
  const times = Number(process.env.SKEIN_TEST_RUNS ?? 1);
  if (!(times > 0)) throw new Error('SKEIN_TEST_RUNS is a number above 0.');
  return Math.ceil(count * times);
}
