import type { Generation } from '../../schema/registry.ts';
import type { Caller } from '../identity/caller.ts';

/** What of a graph is not simply its tenant's. */
export interface GraphAccess {
  /** `Type.field` that came with grants → the products that have it. */
  readonly granted: ReadonlyMap<string, readonly GrantedProduct[]>;
  /** Fields of a product of a tenant whose own graph it is; undefined: that has no such product. */
  ownProduct(id: string, tenant: string): ReadonlySet<string> | undefined;
}

export interface GrantedProduct {
  readonly id: string;
  readonly name: string;
}

/** How the names of sources begin that came with grants. */
export const GIVEN_SOURCE = 'tenant/';

/** A graph whose fields are all its tenant's. */
export const OWN_GRAPH: GraphAccess = { granted: new Map(), ownProduct: () => undefined };

/** A graph as it is now, and what of it is not simply its tenant's. */
export interface GraphPlace {
  readonly generation: Generation;
  readonly access: GraphAccess;
}

/** Nothing of the graph is another's, and the caller is held to nothing. */
export function isFree({ access, generation }: GraphPlace, caller: Caller): boolean {
  return access.granted.size === 0 && caller.products === undefined && !hasGiven(generation);
}

const given = new WeakMap<Generation, boolean>();

/** Whether a part of the graph came with grants. */
export function hasGiven(generation: Generation): boolean {
  const known = given.get(generation) ?? generation.sources.some(({ name }) => name.startsWith(GIVEN_SOURCE));
  given.set(generation, known);
  return known;
}

/**
 * Whether a field is another tenant's, whatever is known of products: between two states there may be one without. Links
 * that lead to what is another's are so, too, whatever type they have.
 */
export function isOfOthers(generation: Generation): (field: string) => boolean {
  const links = givenLinks(generation);
  return (field) => links.has(field) || isGiven(field, generation);
}

export function isGiven(field: string, { composition }: Generation): boolean {
  const { rootFields, types } = composition.ownership;
  const owner = rootFields.get(field) ?? types.get(field.slice(0, field.indexOf('.')));
  return owner?.startsWith(GIVEN_SOURCE) === true;
}

const linksOf = new WeakMap<Generation, ReadonlyMap<string, ReadonlySet<string>>>();

/** Links by which a field of the tenant's own has something of another's → the root fields that they call for it. */
export function givenLinks(generation: Generation): ReadonlyMap<string, ReadonlySet<string>> {
  const known = linksOf.get(generation);
  if (known !== undefined) return known;
  const { links } = generation.composition;
  const found = new Map<string, Set<string>>();
  // A link may read what another one brings.
  for (let before = -1; before !== sizeOf(found); ) {
    before = sizeOf(found);
    for (const { typeName, fieldName, target, call, requires } of links) {
      const called = [
        ...(target.startsWith(GIVEN_SOURCE) ? [call] : []),
        ...(found.get(call) ?? []),
        ...[...requires.keys()].flatMap((name) => [...(found.get(`${typeName}.${name}`) ?? [])]),
      ];
      if (called.length === 0) continue;
      const field = `${typeName}.${fieldName}`;
      found.set(field, new Set([...(found.get(field) ?? []), ...called]));
    }
  }
  linksOf.set(generation, found);
  return found;
}

function sizeOf(found: ReadonlyMap<string, ReadonlySet<string>>): number {
  return [...found.values()].reduce((sum, { size }) => sum + size, 0);
}

/** Why the caller may not use the field, or the id of the grant by which they do. */
export type FieldVerdict = { readonly refusal: string } | { readonly grant: string | undefined };

export function judgeField(field: string, { access, generation }: GraphPlace, caller: Caller): FieldVerdict {
  const refuse = (refusal: string): FieldVerdict => ({ refusal });
  const isHeld = caller.products !== undefined;
  const products = access.granted.get(field);
  if (products === undefined) {
    if (isGiven(field, generation)) return refuse(`The app has no access to ${field}: ask for a grant.`);
    if (!isHeld || isInOneOf(field, caller, access.ownProduct)) return { grant: undefined };
    return refuse(`The API key is held to certain products, and ${field} is in none of them.`);
  }
  const held = products.filter(({ id }) => caller.products === undefined || caller.products.has(id));
  const product = held.find(({ id }) => caller.grants.has(id));
  const grant = product === undefined ? undefined : caller.grants.get(product.id);
  if (grant !== undefined) return { grant: grant.id };
  if (held.length === 0) return refuse(`The API key is held to certain products, and ${field} is in none of them.`);
  const names = held.map(({ name }) => `"${name}"`).join(' or ');
  return refuse(`The app has no access to ${field}, which comes with the product ${names}: ask for a grant.`);
}

/** Whether a caller may use a field, with what its links call. */
export function mayUse(place: GraphPlace, caller: Caller): (field: string) => boolean {
  const links = givenLinks(place.generation);
  const may = (field: string) => 'grant' in judgeField(field, place, caller);
  return (field) => {
    if (!may(field)) return false;
    const called = links.get(field);
    return called === undefined || [...called].every(may);
  };
}

function isInOneOf(
  field: string,
  { products = new Set(), tenant }: Caller,
  fieldsOf: GraphAccess['ownProduct'],
): boolean {
  for (const id of products) if (fieldsOf(id, tenant)?.has(field) === true) return true;
  return false;
}
