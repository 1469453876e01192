import { Kind, parse } from 'graphql';
import type { Problem } from '../../kernel/problem.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import type { TransformOptions } from '../../schema/transforms/options.ts';
import { transformSourceInSlices } from '../../schema/transforms/transform-source.ts';
import { createPattern } from '../../sources/operation-filter.ts';
import type { Source } from '../../sources/source.ts';

/** The sources of one entry of the configuration, transformed alike, in slices. Problems are below the entry. */
export async function transformSources(
  sources: readonly Source[],
  options: TransformOptions,
  report: (problem: Problem) => void,
): Promise<readonly Source[]> {
  const [only] = sources;
  if (only !== undefined && sources.length === 1) return [await transformSourceInSlices(only, options, report)];
  // Of a supergraph: a key is for the subgraphs that have what it names, and only wrong if none of them has.
  const known = sources.map(({ model }) => namesIn(model.sdl));
  const all = new Set(known.flatMap((names) => [...names]));
  for (const section of ['types', 'fields'] as const) {
    for (const key of Object.keys(options[section])) {
      if (hasOne(all, key)) continue;
      const what = section === 'types' ? 'type' : 'field';
      const message = `None of the subgraphs has a ${what} "${key}".${didYouMean(key, all)}`;
      report({ path: ['transforms', section, key], message });
    }
  }
  const told = new Set<string>();
  const reportOnce = (problem: Problem) => {
    const text = JSON.stringify(problem);
    if (!told.has(text)) report(problem);
    told.add(text);
  };
  const transformed: Source[] = [];
  for (const [index, source] of sources.entries()) {
    const names = known[index] ?? new Set();
    const own = { ...options, types: pick(options.types, names), fields: pick(options.fields, names) };
    transformed.push(await transformSourceInSlices(source, own, reportOnce));
  }
  return transformed;
}

function hasOne(names: ReadonlySet<string>, key: string): boolean {
  return names.has(key) || (key.includes('*') && [...names].some(createPattern(key)));
}

function pick<T>(record: Readonly<Record<string, T>>, names: ReadonlySet<string>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => hasOne(names, key)));
}

/** Types, and fields as `Type.field`. */
function namesIn(sdl: string): Set<string> {
  const names = new Set<string>();
  for (const definition of sdl === '' ? [] : parse(sdl, { noLocation: true }).definitions) {
    if (!('name' in definition) || definition.name === undefined || definition.kind === Kind.DIRECTIVE_DEFINITION)
      continue;
    names.add(definition.name.value);
    if (!('fields' in definition)) continue;
    for (const field of definition.fields ?? []) names.add(`${definition.name.value}.${field.name.value}`);
  }
  return names;
}
