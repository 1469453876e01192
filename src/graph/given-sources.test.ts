import { expect, onTestFinished, test } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import type { Source } from '../../sources/source.ts';
import { createMemorySource } from '../../test/utils/memory-source.ts';
import { readConfigText } from '../config/read-config.ts';
import { createGraph } from './graph.ts';
import { generationOptions } from './load-graph.ts';

const sourceOf = (field: string): Source =>
  createMemorySource({
    name: 'tenant/owner',
    sdl: `type Query { ${field}: Int }`,
    unary: { [`Query.${field}`]: () => 1 },
  });

test('a graph takes a source back that it was given before, while the generation that had it is still kept', async () => {
  const { config, problems: known } = await readConfigText('{}', '/skein.yaml', {});
  const [one, other] = [sourceOf('one'), sourceOf('other')];
  const options = { generation: generationOptions(config), mayLack: true };
  const graph = await createGraph(config, known, { log: silentLog, given: [one], ...options });
  onTestFinished(() => graph.dispose());
  const give = (source: Source) =>
    graph.change({ config, known, given: [source], changedFiles: new Set(), asksServices: false, ...options });
  const fields = () => Object.keys(graph.registry.current()?.schema.getQueryType()?.getFields() ?? {});
  expect(fields()).toEqual(['one']);
  await give(other);
  expect(fields()).toEqual(['other']);
  expect(await give(one)).toMatchObject({ isNew: true });
  expect(fields()).toEqual(['one']);
  expect(await give(one)).toMatchObject({ isNew: false });
});
