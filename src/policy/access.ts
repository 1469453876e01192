import { SkeinError } from '../../kernel/errors.ts';
import type { Plan } from '../../schema/plan/plan.ts';
import type { Generation } from '../../schema/registry.ts';
import type { Caller } from '../identity/caller.ts';
import { countSelectedFields } from './rates/selected-fields.ts';

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

export interface AccessOperation {
  readonly plan: Plan;
  readonly generation: Generation;
  readonly access: GraphAccess;
}

interface Verdict {
  readonly error: SkeinError | undefined;
  /** Ids of the grants that it takes. */
  readonly grants: readonly string[];
}

const FREE: Verdict = { error: undefined, grants: [] };

export interface AccessPolicy {
  /** Why the caller may not run it; undefined: they may. */
  refusal(operation: AccessOperation, caller: Caller): SkeinError | undefined;
  /** Ids of the caller's grants whose products it uses. */
  grantsUsed(operation: AccessOperation, caller: Caller): readonly string[];
}

/**
 * May they: whether a caller may use every field that an operation selects. A document is read once; what it means for a
 * caller is kept as long as both are the same objects, and a caller is another one when its grants change.
 */
export function createAccessPolicy(): AccessPolicy {
  const fieldsOf = new WeakMap<Plan, readonly string[]>();
  const verdicts = new WeakMap<GraphAccess, WeakMap<Caller, WeakMap<Plan, Verdict>>>();

  const selected = ({ plan, generation: { schema } }: AccessOperation): readonly string[] => {
    let fields = fieldsOf.get(plan);
    if (fields === undefined) {
      fields = [...countSelectedFields(schema, plan.document, plan.operation).keys()];
      fieldsOf.set(plan, fields);
    }
    return fields;
  };
  const judge = (operation: AccessOperation, caller: Caller): Verdict => {
    const { access, generation } = operation;
    if (access.granted.size === 0 && caller.products === undefined && !hasGiven(generation)) return FREE;
    const ofCallers = verdicts.get(access) ?? new WeakMap<Caller, WeakMap<Plan, Verdict>>();
    verdicts.set(access, ofCallers);
    const known = ofCallers.get(caller) ?? new WeakMap<Plan, Verdict>();
    ofCallers.set(caller, known);
    const verdict = known.get(operation.plan) ?? judgeFields(selected(operation), operation, caller);
    known.set(operation.plan, verdict);
    return verdict;
  };
  return {
    refusal: (operation, caller) => judge(operation, caller).error,
    grantsUsed: (operation, caller) => judge(operation, caller).grants,
  };
}

const given = new WeakMap<Generation, boolean>();

function hasGiven(generation: Generation): boolean {
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

function isGiven(field: string, { composition }: Generation): boolean {
  const { rootFields, types } = composition.ownership;
  const owner = rootFields.get(field) ?? types.get(field.slice(0, field.indexOf('.')));
  return owner?.startsWith(GIVEN_SOURCE) === true;
}

const linksOf = new WeakMap<Generation, ReadonlyMap<string, ReadonlySet<string>>>();

/** Links by which a field of the tenant's own has something of another's → the root fields that they call for it. */
function givenLinks(generation: Generation): ReadonlyMap<string, ReadonlySet<string>> {
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

function judgeFields(selected: readonly string[], operation: AccessOperation, caller: Caller): Verdict {
  const { granted, ownProduct } = operation.access;
  const links = givenLinks(operation.generation);
  const grants = new Set<string>();
  const fields = new Set(selected.flatMap((field) => [field, ...(links.get(field) ?? [])]));
  for (const field of fields) {
    const products = granted.get(field);
    if (products === undefined) {
      if (isGiven(field, operation.generation)) return refuse(`The app has no access to ${field}: ask for a grant.`);
      if (caller.products === undefined || isInOneOf(field, caller, ownProduct)) continue;
      return refuse(`The API key is held to certain products, and ${field} is in none of them.`);
    }
    const held = products.filter(({ id }) => caller.products === undefined || caller.products.has(id));
    const product = held.find(({ id }) => caller.grants.has(id));
    const grant = product === undefined ? undefined : caller.grants.get(product.id);
    if (grant !== undefined) grants.add(grant.id);
    else if (held.length === 0)
      return refuse(`The API key is held to certain products, and ${field} is in none of them.`);
    else {
      const names = held.map(({ name }) => `"${name}"`).join(' or ');
      return refuse(`The app has no access to ${field}, which comes with the product ${names}: ask for a grant.`);
    }
  }
  return { error: undefined, grants: [...grants] };
}

function isInOneOf(
  field: string,
  { products = new Set(), tenant }: Caller,
  fieldsOf: GraphAccess['ownProduct'],
): boolean {
  for (const id of products) if (fieldsOf(id, tenant)?.has(field) === true) return true;
  return false;
}

function refuse(message: string): Verdict {
  return { error: new SkeinError('FORBIDDEN', message), grants: [] };
}
