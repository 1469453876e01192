import { resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createGuideReader } from '../utils/follow-guide.ts';

const PAGES = [
  'joins.md',
  'shaping.md',
  'sources/openapi.md',
  'sources/grpc.md',
  'sources/soap.md',
  'sources/graphql.md',
];
const prelude = `skein() { node "${resolve('.')}/dist/src/cli/main.js" "$@"; }\n`;

describe.each(PAGES)('what docs/%s shows', async (file) => {
  const reader = await createGuideReader({ file, ports: [], prelude });
  afterAll(() => reader.end());

  it.each(reader.sections)(
    'is what there is: $title',
    async ({ steps }) => {
      for (const step of steps) await reader.follow(step);
    },
    120_000,
  );

  it('is run', () => {
    expect(reader.sections.flatMap(({ steps }) => steps).some((step) => step.do === 'run')).toBe(true);
  });
});
