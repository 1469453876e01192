import { silentLog } from '../../kernel/ports.ts';
import type { Source, SourceDeps, SourceKind } from '../../sources/source.ts';
import type { SeenCalls } from './contract-front.ts';
import { type Item, type Library, UPSTREAM_KEY } from './contract-library.ts';

/** What a kind of source may be unable to do, because its protocol is. */
export type Capability =
  | 'give enum values a name of their own upstream'
  | 'hold lists of lists'
  | 'carry every character'
  | 'stream'
  | 'hold up a stream'
  | 'rename and filter by configuration';

export interface Inability {
  readonly reason: string;
  /** Whether the SDL of such a source shows it, so that the day it can is not missed. */
  shows(sdl: string): boolean;
}

/** Names of the root fields that a backend's operations become, and of its types. */
export interface Names {
  /** `RestItem`: the type. */
  readonly type: string;
  readonly item: string;
  readonly items: string;
  readonly itemsOf: string;
  readonly add: string;
  readonly watch: string;
}

export interface Backend {
  readonly library: Library;
  readonly seen: SeenCalls;
  readonly port: number;
  /** A source of this backend, with options beside those that every source of the suite has. */
  open(options?: SourceOptions): Promise<Source>;
  /** What compiling the document gives, before anything of it is opened. */
  compile(): unknown;
  /** Closes all connections; new ones are taken. */
  cut(): void;
  close(): Promise<void>;
}

export type SourceOptions = Readonly<Record<string, unknown>> & { readonly name?: string };

/** One kind of source, with the real server that is its backend in the contract suite. */
export interface Harness {
  readonly kind: SourceKind;
  /** Begins the names of all its types, e.g. `Rest`. */
  readonly prefix: string;
  readonly cannot: Partial<Record<Capability, Inability>>;
  /** Where the list stands in the answer of `items` and `itemsOf`. */
  readonly listIn?: string;
  /** The argument of `add`. */
  readonly addArgument: string;
  /** Name of the operation behind `item`, as the configuration has it. */
  readonly itemOperation: string;
  /** More than one way of the protocol to stream. */
  readonly streamOptions?: Readonly<Record<string, SourceOptions>>;
  start(): Promise<Backend>;
}

export function namesOf({ prefix }: Pick<Harness, 'prefix'>): Names {
  const lower = prefix.toLowerCase();
  return {
    type: `${prefix}Item`,
    item: `${lower}Item`,
    items: `${lower}Items`,
    itemsOf: `${lower}ItemsOf`,
    add: `add${prefix}Item`,
    watch: `watch${prefix}Items`,
  };
}

/** What every source of the suite is made with. */
export const COMMON_OPTIONS = {
  headers: { 'x-api-key': UPSTREAM_KEY },
  forwardHeaders: ['x-fault'],
};

export const STRICT_DEPS: SourceDeps = {
  log: silentLog,
  report: ({ message }) => {
    throw new Error(message);
  },
};

/** Everything that a kind of source can say of an item; `grid` only where there are lists of lists. */
export function itemFields(harness: Harness): string {
  const grid = harness.cannot['hold lists of lists'] === undefined ? ' grid' : '';
  return `{ id title note pageCount copies weight lent binding added author { name city } tags${grid} }`;
}

/** An item as the graph tells it. */
export function toldBy(harness: Harness, item: Item): object {
  const { grid, ...rest } = item;
  return harness.cannot['hold lists of lists'] === undefined ? { ...rest, grid } : rest;
}

/** A selection below a list, with what stands around it in this kind. */
export const inside = (wrapper: string | undefined, selection: string) =>
  wrapper === undefined ? selection : `{ ${wrapper} ${selection} }`;

export function unwrapped(wrapper: string | undefined, value: unknown): unknown {
  if (wrapper === undefined || value === null || value === undefined) return value;
  return (value as Readonly<Record<string, unknown>>)[wrapper];
}
