import type { Findings } from './findings.ts';
import { isEncoding, keyOf, XSD } from './namespaces.ts';
import type { ElementName, Scalar, SimpleForm, SimplePlan } from './plan.ts';
import { type Component, nameIn, type SchemaContext, type SchemaSet } from './schema-set.ts';
import { attributeOf, childOf, childrenOf, type QualifiedName, type XmlElement } from './xml.ts';

/** An enumeration of a schema. */
export interface EnumSource {
  readonly id: string;
  /** Its own name, or undefined for `hint`. */
  readonly name: ElementName | undefined;
  readonly hint: string;
  readonly values: readonly string[];
  readonly node: XmlElement;
}

export interface SimpleTypes {
  readonly enums: ReadonlyMap<string, EnumSource>;
  /** A type of XML Schema itself. */
  builtIn(name: QualifiedName): SimplePlan | undefined;
  ofComponent(component: Component): SimplePlan;
  /** One without a name; enumerations are called `hint`. */
  ofNode(node: XmlElement, context: SchemaContext, hint: string): SimplePlan;
  /** A simple type by its name; undefined if there is none. */
  named(name: QualifiedName): SimplePlan | undefined;
}

interface Bounds {
  readonly min: bigint | undefined;
  readonly max: bigint | undefined;
}

interface Simple {
  readonly plan: SimplePlan;
  readonly bounds: Bounds;
}

const MAX_DERIVATIONS = 50;
const FREE: Bounds = { min: undefined, max: undefined };
const INT: Bounds = { min: -(2n ** 31n), max: 2n ** 31n - 1n };
const INT64: Bounds = { min: -(2n ** 63n), max: 2n ** 64n - 1n };

/** Integers of XML Schema part 2 by their bounds. */
const INTEGERS: Readonly<Record<string, Bounds>> = {
  integer: FREE,
  nonNegativeInteger: { min: 0n, max: undefined },
  positiveInteger: { min: 1n, max: undefined },
  nonPositiveInteger: { min: undefined, max: 0n },
  negativeInteger: { min: undefined, max: -1n },
  long: { min: -(2n ** 63n), max: 2n ** 63n - 1n },
  unsignedLong: { min: 0n, max: 2n ** 64n - 1n },
  int: INT,
  unsignedInt: { min: 0n, max: 2n ** 32n - 1n },
  short: { min: -32_768n, max: 32_767n },
  unsignedShort: { min: 0n, max: 65_535n },
  byte: { min: -128n, max: 127n },
  unsignedByte: { min: 0n, max: 255n },
};

/** All others that are not read as they stand: of the ones in `token`, space around the value means nothing. */
const OTHERS: Readonly<Record<string, { readonly scalar: Scalar; readonly form: SimpleForm }>> = {
  ...Object.fromEntries(['string', 'normalizedString', 'anySimpleType'].map((name) => [name, text('text')])),
  ...Object.fromEntries(
    [
      ...['token', 'language', 'Name', 'NCName', 'NMTOKEN', 'ID', 'IDREF', 'ENTITY', 'anyURI', 'anyAtomicType'],
      ...['date', 'dateTime', 'dateTimeStamp', 'time', 'duration', 'dayTimeDuration', 'yearMonthDuration'],
      ...['gYear', 'gYearMonth', 'gMonth', 'gMonthDay', 'gDay', 'base64Binary', 'hexBinary', 'base64'],
    ].map((name) => [name, text('token')]),
  ),
  boolean: { scalar: 'Boolean', form: 'boolean' },
  float: { scalar: 'Float', form: 'float' },
  double: { scalar: 'Float', form: 'float' },
  // No number of JSON keeps all of its digits.
  decimal: text('decimal'),
  QName: text('name'),
  NOTATION: text('name'),
};

const LISTS: Readonly<Record<string, string>> = { NMTOKENS: 'NMTOKEN', IDREFS: 'IDREF', ENTITIES: 'ENTITY' };

function text(form: SimpleForm) {
  return { scalar: 'String' as const, form };
}

export function createSimpleTypes(set: SchemaSet, findings: Findings): SimpleTypes {
  const known = new Map<string, Simple>();
  const enums = new Map<string, EnumSource>();
  const anonymous = new Map<XmlElement, Simple>();
  const string = builtIn({ namespace: XSD, local: 'string' }) as Simple;

  function builtIn({ namespace, local }: QualifiedName): Simple | undefined {
    if (namespace !== XSD && !isEncoding(namespace)) return undefined;
    const xsdType = { namespace: XSD, local };
    const item = Object.hasOwn(LISTS, local) ? LISTS[local] : undefined;
    if (item !== undefined) return { plan: { kind: 'simple', ...text('token'), list: true, xsdType }, bounds: FREE };
    const bounds = Object.hasOwn(INTEGERS, local) ? INTEGERS[local] : undefined;
    if (bounds !== undefined) return { plan: integer(bounds, xsdType), bounds };
    const other = Object.hasOwn(OTHERS, local) ? OTHERS[local] : undefined;
    return other && { plan: { kind: 'simple', ...other, list: false, xsdType }, bounds: FREE };
  }

  function named(name: QualifiedName, depth: number): Simple | undefined {
    const component = set.types.get(keyOf(name.namespace, name.local));
    if (component?.node.local === 'simpleType') return ofComponent(component, depth);
    return builtIn(name);
  }

  function ofComponent(component: Component, depth: number): Simple {
    const existing = known.get(component.key);
    if (existing !== undefined) return existing;
    const { node, context, namespace, local } = component;
    const place = { file: context.file, node };
    if (depth > MAX_DERIVATIONS) {
      findings.problem(place, `The type "${local}" is derived from itself, or too often.`);
      return string;
    }
    const simple = read(node, context, { id: component.key, name: { namespace, local }, hint: local }, depth + 1);
    known.set(component.key, simple);
    return simple;
  }

  function ofNode(node: XmlElement, context: SchemaContext, hint: string, depth: number): Simple {
    const existing = anonymous.get(node);
    if (existing !== undefined) return existing;
    const id = `#simple ${anonymous.size}`;
    const simple = read(node, context, { id, name: undefined, hint }, depth + 1);
    anonymous.set(node, simple);
    return simple;
  }

  function read(node: XmlElement, context: SchemaContext, own: Own, depth: number): Simple {
    const place = { file: context.file, node };
    const restriction = childOf(node, XSD, 'restriction');
    const list = childOf(node, XSD, 'list');
    if (restriction !== undefined) return restrict(restriction, context, own, depth);
    if (list !== undefined) {
      const item = referred(list, 'itemType', context, own.hint, depth);
      return { plan: { ...item.plan, list: true, ...(own.name && { xsdType: own.name }) }, bounds: item.bounds };
    }
    if (childOf(node, XSD, 'union') === undefined) {
      findings.problem(
        place,
        `The type "${own.hint}" is neither a restriction nor a list nor a union; it is read as text.`,
      );
    }
    // What a value of a union is cannot be told by the value.
    return { plan: { ...string.plan, ...(own.name && { xsdType: own.name }) }, bounds: FREE };
  }

  function restrict(node: XmlElement, context: SchemaContext, own: Own, depth: number): Simple {
    const base = referred(node, 'base', context, own.hint, depth);
    const bounds = narrow(base.bounds, node);
    const xsdType = own.name ?? base.plan.xsdType;
    if (base.plan.form === 'integer') {
      const plan = { ...integer(bounds, xsdType), list: base.plan.list };
      return { plan, bounds };
    }
    const plan: SimplePlan = { ...base.plan, xsdType };
    const values = childrenOf(node, XSD, 'enumeration').map((value) => attributeOf(value, 'value') ?? '');
    const isEnum = values.length > 0 && !plan.list && (plan.form === 'text' || plan.form === 'token');
    if (!isEnum) return { plan, bounds };
    enums.set(own.id, { ...own, values: [...new Set(values)], node });
    return { plan: { ...plan, enum: own.id, hasEmpty: values.includes('') }, bounds };
  }

  /** The type that an attribute names, or that is written in its place. */
  function referred(node: XmlElement, attribute: string, context: SchemaContext, hint: string, depth: number): Simple {
    const name = attributeOf(node, attribute);
    const inner = childOf(node, XSD, 'simpleType');
    if (name === undefined) return inner === undefined ? string : ofNode(inner, context, hint, depth);
    const resolved = nameIn(context, node, name);
    const simple = resolved && named(resolved, depth);
    if (simple !== undefined) return simple;
    findings.problem({ file: context.file, node }, `There is no simple type "${name}"; it is read as text.`);
    return string;
  }

  return {
    enums,
    builtIn: (name) => builtIn(name)?.plan,
    ofComponent: (component) => ofComponent(component, 0).plan,
    ofNode: (node, context, hint) => ofNode(node, context, hint, 0).plan,
    named: (name) => named(name, 0)?.plan,
  };
}

type Own = Pick<EnumSource, 'id' | 'name' | 'hint'>;

/** The scalar that loses nothing: Int, Int64, or for what may be larger a String. */
function integer(bounds: Bounds, xsdType: ElementName): SimplePlan {
  const scalar = isWithin(bounds, INT) ? 'Int' : isWithin(bounds, INT64) ? 'Int64' : 'String';
  return { kind: 'simple', scalar, form: 'integer', list: false, xsdType };
}

function isWithin(bounds: Bounds, wider: Bounds): boolean {
  const { min, max } = bounds;
  if (min === undefined || max === undefined || wider.min === undefined || wider.max === undefined) return false;
  return min >= wider.min && max <= wider.max;
}

/** Facets of XML Schema part 2, section 4.3, as far as they bound integers. */
function narrow({ min, max }: Bounds, restriction: XmlElement): Bounds {
  let [low, high] = [min, max];
  for (const facet of restriction.children) {
    const value = attributeOf(facet, 'value')?.trim() ?? '';
    if (!/^[+-]?\d{1,40}$/.test(value)) continue;
    const limit = BigInt(value.replace('+', ''));
    if (facet.local === 'minInclusive') low = limit;
    else if (facet.local === 'minExclusive') low = limit + 1n;
    else if (facet.local === 'maxInclusive') high = limit;
    else if (facet.local === 'maxExclusive') high = limit - 1n;
    else if (facet.local === 'totalDigits' && limit < 40n) {
      const most = 10n ** (limit < 0n ? 0n : limit) - 1n;
      low = low === undefined || low < -most ? -most : low;
      high = high === undefined || high > most ? most : high;
    }
  }
  return { min: low, max: high };
}
