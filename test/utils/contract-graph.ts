import { linkOptions } from '../../schema/options.ts';
import type { Way } from '../../schema/plan/way.ts';
import { type Backend, type Harness, namesOf } from './contract-harness.ts';
import { HARNESSES } from './contract-suite.ts';
import { startTestGateway, type TestGateway } from './test-gateway.ts';

export interface GraphError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: Readonly<Record<string, unknown>>;
}

export interface GraphAnswer {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly GraphError[];
}

/** One gateway over sources of all kinds, with a link from each kind to each. */
export interface ContractGraph {
  readonly gateway: TestGateway;
  readonly backends: readonly Backend[];
  backendOf(harness: Harness): Backend;
  ask(query: string, variables?: object, headers?: Readonly<Record<string, string>>): Promise<GraphAnswer>;
  reset(): void;
  close(): Promise<void>;
}

/** The field by which items of a kind have those of another: all at once, and one by one. */
export const linkNames = (target: Harness) => ({ batched: `of${target.prefix}`, single: `one${target.prefix}` });

function createLinks() {
  const links: Record<string, object> = {};
  for (const from of HARNESSES) {
    for (const to of HARNESSES) {
      const source = to.prefix.toLowerCase();
      const { itemsOf, item } = namesOf(to);
      const { batched, single } = linkNames(to);
      const items = to.listIn === undefined ? {} : { items: to.listIn };
      const ofItem = `${namesOf(from).type}.`;
      links[ofItem + batched] = { call: `${source}.${itemsOf}`, args: { ids: '$parents.id' }, match: 'id', ...items };
      links[ofItem + single] = { call: `${source}.${item}`, args: { id: '$parent.id' } };
    }
  }
  return Object.fromEntries(Object.entries(links).map(([name, options]) => [name, linkOptions.parse(options)]));
}

export async function startContractGraph(way: Way): Promise<ContractGraph> {
  const backends = await Promise.all(HARNESSES.map((harness) => harness.start()));
  const sources = await Promise.all(backends.map((backend) => backend.open()));
  const gateway = await startTestGateway(sources, createLinks(), { way, limits: { depth: 20, drainTimeoutMs: 100 } });
  return {
    gateway,
    backends,
    backendOf: (harness) => backends[HARNESSES.indexOf(harness)] as Backend,
    ask: async (query, variables = {}, headers = {}) => (await gateway.post({ query, variables }, headers)).body,
    reset() {
      for (const { library } of backends) library.reset();
    },
    async close() {
      for (const { library } of backends) library.release();
      await gateway.close();
      await Promise.all(backends.map((backend) => backend.close()));
    },
  };
}
