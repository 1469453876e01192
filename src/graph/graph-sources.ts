import type { Problem } from '../../kernel/problem.ts';
import type { IsMissing } from '../../schema/links.ts';
import { combineVersionsInSlices } from '../../schema/versions/combine-versions.ts';
import type { Source } from '../../sources/source.ts';
import type { SkeinConfig } from '../config/schema.ts';
import { problemText } from './blame.ts';

/** The sources of a configuration: those that are there, and what is known of the others. */
export interface GraphSources {
  /** By name in the configuration; a supergraph is several sources. */
  readonly opened: Map<string, readonly Source[]>;
  /** Of the configuration, and not in the graph now: they are tried again. */
  readonly missing: Map<string, MissingSource>;
  readonly broken: Set<string>;
  /** Models and prompts. */
  readonly builtIn: readonly Source[];
  /** Sources that others gave, by name: those that fit. They are not disposed of here. */
  readonly given: Map<string, Source>;
  /** Those that others gave and that do not fit what the configuration has, with the reasons. */
  readonly givenOut: Map<string, readonly Problem[]>;
  /** What the graph is composed of. */
  forGraph(report: (problem: Problem) => void): Promise<readonly Source[]>;
  readonly isMissing: IsMissing;
  /** Of what is found when the graph is composed, what is no consequence of what is missing or has been told. */
  mistakesIn(found: readonly Problem[], known: readonly Problem[]): readonly Problem[];
  notices(): readonly Problem[];
  /** The problems of all that are missing, each once. */
  failures(): readonly Problem[];
  /** Until it is deleted from `missing`, too, it is there for a trial. */
  putIn(name: string, sources: readonly Source[]): void;
  /** Gives what was opened, to be put in again or disposed of. */
  leaveOut(name: string, problems: readonly Problem[]): readonly Source[];
  dispose(): Promise<void>;
}

export interface MissingSource {
  /** Why, in a sentence. */
  readonly reason: string;
  /** What is wrong with what its service says, as for `skein validate`; none when it cannot be reached. */
  readonly problems: readonly Problem[];
}

export interface GraphSourcesOptions {
  readonly config: SkeinConfig;
  readonly builtIn: readonly Source[];
  readonly given: readonly Source[];
  /** Whether a prompt is left out for a mistake in it. */
  readonly hasBrokenPrompt: boolean;
  /** Whether what links lead to may have gone: then they are left out. */
  readonly mayLack: boolean;
}

/** No source has an operation. */
export const NO_QUERIES: Problem = {
  message: 'The graph has no field to ask for: none of its sources has an operation.',
  path: ['sources'],
  suggestion: 'Add a source with operations.',
};

export function createGraphSources({
  config,
  builtIn,
  given: offered,
  hasBrokenPrompt,
  mayLack,
}: GraphSourcesOptions): GraphSources {
  const given = new Map(offered.map((source) => [source.name, source]));
  const givenOut = new Map<string, readonly Problem[]>();
  const opened = new Map<string, readonly Source[]>();
  const missing = new Map<string, MissingSource>();
  const broken = new Set(namesIn(config, 'sources'));
  const versions = new Set(
    Object.values(config.versions).flatMap((group) => group.versions.map(({ source }) => source)),
  );
  /** Versions that cannot be combined. */
  const failedVersions = new Set<string>();
  const isGone = (name: string) => !opened.has(name) && (missing.has(name) || broken.has(name));
  const countGone = () => [...missing.keys(), ...broken].filter(isGone).length;
  return {
    opened,
    missing,
    broken,
    builtIn,
    given,
    givenOut,
    async forGraph(report) {
      failedVersions.clear();
      const first = new Map([...opened].flatMap(([name, [source]]) => (source === undefined ? [] : [[name, source]])));
      const combined: Source[] = [];
      for (const [name, options] of Object.entries(config.versions)) {
        const source = await combineVersionsInSlices(name, options, first, (problem) => {
          failedVersions.add(name);
          report(problem);
        });
        if (source !== undefined) combined.push(source);
      }
      const single = Object.keys(config.sources).flatMap((name) =>
        versions.has(name) ? [] : (opened.get(name) ?? []),
      );
      return [...single, ...combined, ...builtIn, ...given.values()];
    },
    isMissing(name) {
      if (name === undefined) return mayLack || countGone() + failedVersions.size + givenOut.size > 0;
      if (failedVersions.has(name) || givenOut.has(name)) return true;
      const members = config.versions[name]?.versions ?? [];
      if (members.some(({ source }) => isGone(source))) return true;
      return isGone(name) || (name === 'prompts' && hasBrokenPrompt);
    },
    mistakesIn(found, known) {
      // Without their group, versions of one service would be told to be in each other's way.
      if (namesIn(config, 'versions').length > 0) return found.filter(({ path }) => path?.[0] === 'versions');
      if (countGone() + known.length + failedVersions.size === 0) return found;
      return opened.size + builtIn.length + given.size === 0 ? [] : found.filter((problem) => !isAboutNothing(problem));
    },
    notices: () =>
      [...opened].flatMap(([name, sources]) =>
        sources.flatMap(({ model }) =>
          (model.notices ?? []).map((notice) => ({ ...notice, path: ['sources', name, ...(notice.path ?? [])] })),
        ),
      ),
    failures() {
      const all = [...missing.values()].flatMap(({ problems }) => problems);
      return [...new Map(all.map((problem) => [JSON.stringify(problem), problem])).values()];
    },
    putIn(name, made) {
      if (!givenOut.delete(name)) {
        opened.set(name, made);
        return;
      }
      for (const source of made) given.set(name, source);
    },
    leaveOut(name, found) {
      if (given.delete(name)) {
        givenOut.set(name, found);
        return [];
      }
      const made = opened.get(name) ?? [];
      opened.delete(name);
      // Composition may know no lines, or those of another one: the source's own is where to begin.
      const problems = found.map((problem) =>
        problem.path === undefined || problem.path[0] === 'sources'
          ? { ...problem, path: pathIn(name, problem) }
          : problem,
      );
      missing.set(name, { reason: reasonOf(problems), problems });
      return made;
    },
    dispose: () => disposeAll([...[...opened.values()].flat(), ...builtIn]),
  };
}

export async function disposeAll(sources: readonly Source[]): Promise<void> {
  await Promise.all(sources.map((source) => source.dispose()));
}

function pathIn(name: string, { path, message }: Problem): readonly (string | number)[] {
  // What names others only is not told at a source that it says nothing of.
  const isOfOthers = path?.[1] !== undefined && !message.includes(`"${name}"`) && !message.startsWith(`[${name}]`);
  return path !== undefined && (path[1] === name || isOfOthers) ? path : ['sources', name];
}

function reasonOf([first, ...others]: readonly Problem[]): string {
  const said = first === undefined ? '' : problemText(first);
  return others.length === 0 ? said : `${said} And ${others.length} more.`;
}

export function isAboutNothing(problem: Problem): boolean {
  return problem === NO_QUERIES || problem.message === 'The graph has no source.';
}

function namesIn(config: SkeinConfig, section: string): string[] {
  const prefix = `${section}.`;
  return [...config.broken].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
}
