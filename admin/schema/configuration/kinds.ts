import type { ResourceKind } from '../../models/resource.ts';

/** How the kinds of entries of a configuration are called in the schema. */
export interface KindNames {
  /** Name of the type. */
  readonly type: string;
  readonly plural: string;
  /** In a sentence. */
  readonly word: string;
  readonly description: string;
  readonly nameIs: string;
  readonly hasDocument: boolean;
}

export const KINDS: Readonly<Record<ResourceKind, KindNames>> = {
  sources: {
    type: 'Source',
    plural: 'Sources',
    word: 'source',
    description: 'A service whose operations are in the graph: REST by OpenAPI, gRPC, SOAP, GraphQL, or a subgraph.',
    nameIs: 'Name of the source, e.g. `catalog`.',
    hasDocument: true,
  },
  versions: {
    type: 'VersionGroup',
    plural: 'VersionGroups',
    word: 'version group',
    description: 'Versions of one service side by side: which sources they are, and who gets which.',
    nameIs: 'Name of the group: sources of links and of clients name it like a source.',
    hasDocument: false,
  },
  links: {
    type: 'Link',
    plural: 'Links',
    word: 'link',
    description: 'A join: a field that one source adds to a type of another.',
    nameIs: 'Coordinate of the field, e.g. `Order.customer`.',
    hasDocument: false,
  },
  types: {
    type: 'MergedType',
    plural: 'MergedTypes',
    word: 'merged type',
    description: 'A type that several sources have, and that is one in the graph.',
    nameIs: 'Name of the type, e.g. `Product`.',
    hasDocument: false,
  },
  overrides: {
    type: 'Override',
    plural: 'Overrides',
    word: 'override',
    description: 'When a progressive override of federation holds.',
    nameIs: 'Label of the override, as the subgraph has it.',
    hasDocument: false,
  },
  providers: {
    type: 'Provider',
    plural: 'Providers',
    word: 'provider',
    description: 'A company or a server that hosts models.',
    nameIs: 'Name of the provider, e.g. `openai`.',
    hasDocument: false,
  },
  models: {
    type: 'Model',
    plural: 'Models',
    word: 'model',
    description: 'A model of a provider, with its price and what it can do, under a name of our own.',
    nameIs: 'Name of the model: what clients ask for.',
    hasDocument: false,
  },
  routes: {
    type: 'Route',
    plural: 'Routes',
    word: 'route',
    description: 'A name that stands for one of several models.',
    nameIs: 'Name of the route, e.g. `default`.',
    hasDocument: false,
  },
  prompts: {
    type: 'Prompt',
    plural: 'Prompts',
    word: 'prompt',
    description: 'A template with typed input and output: a field of the graph.',
    nameIs: 'Name of its field in the graph, e.g. `summarize`.',
    hasDocument: false,
  },
};
