import type { Product } from '../../admin/models/product.ts';
import { sha256 } from '../../admin/stores/sha256.ts';
import { ProblemsError } from '../../kernel/problem.ts';
import { partOfSchema, type SchemaPart } from '../../schema/part-of-schema.ts';
import type { Generation } from '../../schema/registry.ts';
import type { Source } from '../../sources/source.ts';
import { GIVEN_SOURCE, type GrantedProduct, type GraphAccess, isOfOthers } from '../policy/graph-access.ts';
import { createOrigins } from './origins.ts';
import { createProductSource } from './product-source.ts';

/** What a tenant offers, as it is in its graph now. */
export interface OwnerGraph {
  readonly generation: Generation;
  readonly access: GraphAccess;
}

/** What one owner gives of its graph: all the products of it that a tenant was granted. */
export interface GivenPart {
  readonly owner: string;
  readonly source: Source;
  /** `Type.field` → the products that have it. */
  readonly products: ReadonlyMap<string, readonly GrantedProduct[]>;
  /** The same as long as nothing of it changes. */
  readonly key: string;
}

/** Why an owner gives nothing. */
export interface NothingGiven {
  readonly owner: string;
  readonly reason: string;
}

export interface GivenParts {
  of(owner: string, products: readonly Product[]): GivenPart | NothingGiven;
  /** Forgets the sources that nobody was given. */
  keepOnly(isUsed: (source: Source) => boolean): void;
}

export interface GivenPartsDeps {
  graphOf(owner: string): OwnerGraph | undefined;
  nameOf(tenant: string): string;
  productOf(id: string): Product | undefined;
}

const NO_FIELDS: ReadonlySet<string> = new Set();

/** Makes sources of products. They stay the same as long as nothing of them changes. */
export function createGivenParts({ graphOf, nameOf, productOf }: GivenPartsDeps): GivenParts {
  const made = new Map<string, { readonly sdl: string; readonly source: Source }>();
  const parts = new WeakMap<Generation, Map<string, SchemaPart>>();

  /** What a tenant was granted is not its to give, by no way. */
  const partOf = ({ generation, access }: OwnerGraph, fields: readonly string[]): SchemaPart => {
    const known = parts.get(generation) ?? new Map<string, SchemaPart>();
    parts.set(generation, known);
    const key = fields.join();
    let part = known.get(key);
    if (part === undefined) {
      const foreign = isOfOthers(generation);
      part = partOfSchema(
        generation.composition,
        fields,
        (coordinate) => access.granted.has(coordinate) || foreign(coordinate),
      );
      known.set(key, part);
    }
    return part;
  };
  const coordinatesOf = ({ tenant, fields }: Product): ReadonlySet<string> => {
    const graph = graphOf(tenant);
    return graph === undefined ? NO_FIELDS : partOf(graph, fields).coordinates;
  };
  const sourceOf = (owner: string, id: string, sdl: string): Source => {
    const name = `${GIVEN_SOURCE}${nameOf(owner)}`;
    const known = made.get(id);
    if (known?.sdl === sdl && known.source.name === name) return known.source;
    const source = createProductSource({
      name,
      sdl,
      current: () => graphOf(owner)?.generation,
      originOf: createOrigins({ owner, productOf, coordinatesOf }),
    });
    made.set(id, { sdl, source });
    return source;
  };
  return {
    of(owner, products) {
      const nothing = (why: string): NothingGiven => ({
        owner,
        reason: `What "${nameOf(owner)}" offers is left out: ${why}`,
      });
      const graph = graphOf(owner);
      if (graph === undefined) return nothing('its graph is not there.');
      const fields = [...new Set(products.flatMap((product) => product.fields))].sort();
      const { sdl } = partOf(graph, fields);
      if (sdl === '') return nothing('its graph has none of the fields.');
      const id = `${owner} ${sha256(fields.join())}`;
      let source: Source;
      try {
        source = sourceOf(owner, id, sdl);
      } catch (error) {
        if (!(error instanceof ProblemsError)) throw error;
        return nothing(error.problems.map(({ message }) => message).join(' '));
      }
      const byField = new Map<string, GrantedProduct[]>();
      for (const { _id, name, fields: own } of products)
        for (const coordinate of partOf(graph, own).coordinates)
          byField.set(coordinate, [...(byField.get(coordinate) ?? []), { id: _id, name }]);
      const key = `${source.name} ${id} ${sha256(sdl)} ${products.map(({ _id, version }) => `${_id}@${version}`).join()}`;
      return { owner, source, products: byField, key };
    },
    keepOnly(isUsed) {
      for (const [id, { source }] of made) if (!isUsed(source)) made.delete(id);
    },
  };
}

/** The products by their owners, these in the order of their ids. */
export function byOwner(products: readonly Product[]): ReadonlyMap<string, readonly Product[]> {
  const owners = new Map<string, Product[]>();
  for (const product of products) owners.set(product.tenant, [...(owners.get(product.tenant) ?? []), product]);
  return owners;
}

/** Fields of the products of a graph's own tenants, read once for each generation. */
export function createOwnProducts(
  current: () => Generation | undefined,
  productOf: (id: string) => Product | undefined,
): GraphAccess['ownProduct'] {
  const kept = new WeakMap<Generation, WeakMap<Product, ReadonlySet<string>>>();
  return (id, tenant) => {
    const generation = current();
    const product = productOf(id);
    if (generation === undefined || product?.tenant !== tenant) return undefined;
    const known = kept.get(generation) ?? new WeakMap<Product, ReadonlySet<string>>();
    kept.set(generation, known);
    const fields = known.get(product) ?? partOfSchema(generation.composition, product.fields).coordinates;
    known.set(product, fields);
    return fields;
  };
}
