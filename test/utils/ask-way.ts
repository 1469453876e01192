import { CancellationSource } from '../../kernel/cancellation.ts';
import { silentLog } from '../../kernel/ports.ts';
import { type ComposeOptions, compose } from '../../schema/compose.ts';
import { linkOptions } from '../../schema/options.ts';
import type { Way } from '../../schema/plan/way.ts';
import { createGeneration } from '../../schema/registry.ts';
import { createGraphContext } from '../../schema/request-context.ts';
import { NO_CLIENT } from '../../sources/call-context.ts';
import type { Source } from '../../sources/source.ts';

export interface AskedGraph {
  readonly sources: readonly Source[];
  /** As they stand in a configuration. */
  readonly links: Readonly<Record<string, object>>;
  readonly types?: NonNullable<ComposeOptions['types']>;
}

export function composeGraph({ sources, links, types = {} }: AskedGraph) {
  const parsed = Object.fromEntries(Object.entries(links).map(([name, link]) => [name, linkOptions.parse(link)]));
  return compose({ sources, links: parsed, types, isMissing: () => false });
}

/** The answer of one way, as a client sees it, in a form that both ways share. */
export async function askWay(graph: AskedGraph, way: Way, text: string) {
  const { composition, problems } = composeGraph(graph);
  if (composition === undefined) throw new Error(problems.map(({ message }) => message).join('\n'));
  const { documents } = createGeneration(1, composition, { rules: [], maxTokens: 10_000, way });
  const prepared = documents.prepare(text);
  if (prepared.errors !== undefined) throw new Error(prepared.errors.map(String).join('\n'));
  const call = {
    ...NO_CLIENT,
    cancellation: new CancellationSource(),
    deadlineAt: Infinity,
    requestId: 'test',
    log: silentLog,
  };
  const { data, errors = [] } = await prepared.plan(undefined).execute(createGraphContext(call), {});
  return {
    data: JSON.parse(JSON.stringify(data ?? null)) as unknown,
    errors: errors.map(({ path, message }) => `${path?.join('.')}: ${message}`).sort(),
  };
}
