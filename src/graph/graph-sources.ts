import type { Problem } from '../../kernel/problem.ts';
import type { IsMissing } from '../../schema/links.ts';
import type { Source } from '../../sources/source.ts';
import type { SkeinConfig } from '../config/schema.ts';

/** The sources of a configuration: those that are there, and what is known of the others. */
export interface GraphSources {
  /** By name in the configuration; a supergraph is several sources. */
  readonly opened: Map<string, readonly Source[]>;
  /** Name → reason. */
  readonly unreachable: Map<string, string>;
  readonly broken: Set<string>;
  /** Models and prompts. */
  readonly builtIn: readonly Source[];
  /** What the graph is composed of. */
  forGraph(report: (problem: Problem) => void): readonly Source[];
  readonly isMissing: IsMissing;
  /** Whether what the composer says is a consequence: of what is not there yet, or of mistakes told already. */
  excuses(found: readonly Problem[], known: readonly Problem[]): boolean;
  notices(): readonly Problem[];
  dispose(): Promise<void>;
}

export interface GraphSourcesOptions {
  readonly config: SkeinConfig;
  readonly builtIn: readonly Source[];
  /** Whether a prompt is left out for a mistake in it. */
  readonly hasBrokenPrompt: boolean;
}

/** The composer finds nothing to query. */
export const NO_QUERIES: Problem = {
  message: 'The graph has no field to query, and GraphQL wants one at least.',
  path: ['sources'],
  suggestion: 'Add a source with queries, or make an operation one: `operations: { <name>: { as: query } }`.',
};

export function createGraphSources({ config, builtIn, hasBrokenPrompt }: GraphSourcesOptions): GraphSources {
  const opened = new Map<string, readonly Source[]>();
  const unreachable = new Map<string, string>();
  const broken = new Set(namesIn(config, 'sources'));
  const isGone = (name: string) => unreachable.has(name) || broken.has(name);
  return {
    opened,
    unreachable,
    broken,
    builtIn,
    forGraph: () => [...[...opened.values()].flat(), ...builtIn],
    isMissing(name) {
      if (name === undefined) return unreachable.size > 0 || broken.size > 0;
      const members = config.versions[name]?.versions ?? [];
      if (members.some(({ source }) => isGone(source))) return true;
      return isGone(name) || (name === 'prompts' && hasBrokenPrompt);
    },
    excuses(found, known) {
      // Without their group, versions of one service would be told to be in each other's way.
      if (namesIn(config, 'versions').length > 0) return true;
      const isEmpty = opened.size + builtIn.length === 0 || found.every((problem) => problem === NO_QUERIES);
      return isEmpty && (unreachable.size > 0 || known.length > 0);
    },
    notices: () =>
      [...opened].flatMap(([name, sources]) =>
        sources.flatMap(({ model }) =>
          (model.notices ?? []).map((notice) => ({ ...notice, path: ['sources', name, ...(notice.path ?? [])] })),
        ),
      ),
    async dispose() {
      await Promise.all([...[...opened.values()].flat(), ...builtIn].map((source) => source.dispose()));
    },
  };
}

function namesIn(config: SkeinConfig, section: string): string[] {
  const prefix = `${section}.`;
  return [...config.broken].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
}
