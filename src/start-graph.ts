import { UserErrors } from '../admin/errors.ts';
import type { Log } from '../kernel/ports.ts';
import type { Problem } from '../kernel/problem.ts';
import type { Source } from '../sources/source.ts';
import type { ConfigReading } from './config/read-config.ts';
import type { ControlPlane, MergedFile } from './control/control-plane.ts';
import { createExclusive } from './exclusive.ts';
import { createGraph, type Graph } from './graph/graph.ts';
import { generationOptions } from './graph/load-graph.ts';
import type { StartConfig } from './start-config.ts';

export interface DefaultGraphDeps {
  readonly control: ControlPlane;
  readonly given: StartConfig;
  /** Mistakes that are known already. */
  readonly known: readonly Problem[];
  readonly log: Log;
  /** Told what is read of the configuration, also where it cannot be taken: problems are about that. */
  onRead(reading: ConfigReading): void;
}

/** The graph of the default tenant: what skein.yaml says, and what administrators have published beside it. */
export interface DefaultGraph {
  readonly graph: Graph;
  /** What it serves now, by the file and the store. */
  readonly reading: ConfigReading;
  /** Sources that others gave it. */
  given(): readonly Source[];
  /** What becomes of the file by what is published. */
  merge(next: ConfigReading): Promise<MergedFile>;
  /** Changes of the file and of what is published are made one at a time. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
}

const MOST_TRIES = 5;
const NO_FILES: ReadonlySet<string> = new Set();

/** @throws ProblemsError with all mistakes at once */
export async function startDefaultGraph(deps: DefaultGraphDeps): Promise<DefaultGraph> {
  const { control, given, log } = deps;
  const { graph, reading } = await openGraph(deps);
  const exclusively = createExclusive();
  let fromFile = given.reading.config;
  let others: readonly Source[] = [];
  control.serve(
    graph,
    () => fromFile,
    (sources) =>
      exclusively(async () => {
        const { config, problems } = await control.readDefault();
        const request = { config, known: problems, given: sources, mayLack: true };
        const options = { generation: generationOptions(config), changedFiles: NO_FILES, asksServices: false };
        const { isNew } = await graph.change({ ...request, ...options });
        others = sources;
        if (isNew) log.info({ generation: graph.registry.current()?.number ?? 0 }, 'the graph is as it was published');
        return isNew;
      }),
  );
  return {
    graph,
    reading,
    given: () => others,
    exclusively,
    async merge(next) {
      const merged = await control.mergeFile(next, true);
      return {
        ...merged,
        async commit() {
          // It serves, whether it can be written or not.
          const isNew = fromFile !== next.config;
          fromFile = next.config;
          await merged.commit().finally(() => isNew && control.settingsChanged());
        },
      };
    },
  };
}

/** Another instance may write what the same file says at the same time: then what it has written is looked at. */
async function openGraph({
  control,
  given,
  known,
  log,
  onRead,
}: DefaultGraphDeps): Promise<Pick<DefaultGraph, 'graph' | 'reading'>> {
  for (let tries = 1; ; tries += 1) {
    const merged = await control.mergeFile(given.reading, given.hasFile);
    const { reading, isFile } = merged;
    onRead(reading);
    const { meter, published: onJoined } = control;
    const generation = generationOptions(reading.config);
    const options = { log, meter, onJoined, generation, mayBeEmpty: true, mayLack: !isFile };
    const graph = await createGraph(reading.config, [...known, ...reading.problems], options);
    await graph.probe();
    try {
      await merged.commit();
      return { graph, reading };
    } catch (error) {
      await graph.dispose();
      if (!(error instanceof UserErrors) || tries === MOST_TRIES) throw error;
    }
  }
}
