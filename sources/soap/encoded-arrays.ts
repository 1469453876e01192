import type { Findings } from './findings.ts';
import { XSD } from './namespaces.ts';
import type { ElementName, TypePlan } from './plan.ts';
import { isEncodedArray, nameIn, type SchemaContext } from './schema-set.ts';
import { attributeOf, childOf, resolveName, type XmlElement } from './xml.ts';

const JSON_TYPE: TypePlan = { kind: 'json' };
const ANY_TYPE: ElementName = { namespace: XSD, local: 'anyType' };

/** An array that does not say of what. */
export const ANY_ARRAY: TypePlan & { readonly kind: 'array' } = {
  kind: 'array',
  item: JSON_TYPE,
  itemType: ANY_TYPE,
  itemName: 'item',
};

/**
 * Reads complex types that are arrays of SOAP encoding (SOAP 1.1, section 5.4.2); undefined for all others. `named`
 * makes the type of the items.
 */
export function createArrayReader(
  findings: Findings,
  named: (name: string, node: XmlElement, file: string, context?: SchemaContext) => TypePlan,
) {
  const arrays = new Map<string, TypePlan | 'open'>();

  function arrayOf(node: XmlElement, context: SchemaContext, key: string): TypePlan | undefined {
    const content = childOf(node, XSD, 'complexContent');
    const derivation = content && (childOf(content, XSD, 'restriction') ?? childOf(content, XSD, 'extension'));
    const base = derivation && nameIn(context, derivation, attributeOf(derivation, 'base') ?? '');
    if (derivation === undefined || base === undefined || !isEncodedArray(base)) return undefined;
    const existing = arrays.get(key);
    if (existing === 'open') {
      findings.problem({ file: context.file, node }, 'An array holds itself.');
      return JSON_TYPE;
    }
    if (existing !== undefined) return existing;
    arrays.set(key, 'open');
    const array = readArray(derivation, context);
    arrays.set(key, array);
    return array;
  }

  function readArray(derivation: XmlElement, context: SchemaContext): TypePlan {
    const place = { file: context.file, node: derivation };
    const attribute = childOf(derivation, XSD, 'attribute');
    const declared = attribute?.attributes.find(({ local }) => local === 'arrayType')?.value;
    const sequence = childOf(derivation, XSD, 'sequence');
    const element = sequence && childOf(sequence, XSD, 'element');
    const itemName = (element && attributeOf(element, 'name')) ?? 'item';
    if (attribute !== undefined && declared !== undefined) {
      const [, itemTypeName = '', dimensions = ''] = /^\s*([^[\s]+)\s*((?:\[[^\]]*\])*)\s*$/.exec(declared) ?? [];
      if (/^\[\d*\]$/.test(dimensions)) {
        const itemType = resolveName(itemTypeName, attribute) ?? ANY_TYPE;
        return { kind: 'array', item: named(itemTypeName, attribute, context.file), itemType, itemName };
      }
      findings.notice(place, `The array "${declared}" has several dimensions; it is shown as JSON.`);
      return JSON_TYPE;
    }
    const reference = element && attributeOf(element, 'type');
    if (element === undefined || reference === undefined) {
      return { ...ANY_ARRAY, itemName };
    }
    const itemType = nameIn(context, element, reference) ?? ANY_TYPE;
    return { kind: 'array', item: named(reference, element, context.file, context), itemType, itemName };
  }

  return arrayOf;
}
