import { createSimpleDecoder } from './decode-simple.ts';
import { childrenToJson, isNil, toJson } from './json-xml.ts';
import { ENCODING_12, keyOf, XSI } from './namespaces.ts';
import { type ComplexPlan, type FieldPlan, isUnspeakable, PRESENT, type TypePlan, type TypeTable } from './plan.ts';
import { attributeOf, resolveName, type XmlElement } from './xml.ts';

/** An answer is not what the document says; for the log. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';
}

/** What is known while one answer is read. */
export interface Reading {
  /** Elements with an id, for the references of SOAP encoding; undefined where there are none. */
  readonly byId: ReadonlyMap<string, XmlElement> | undefined;
  depth: number;
  /** Elements that may still be read: references could make few of them many. */
  left: number;
}

export type Decoder = (node: XmlElement, reading: Reading) => unknown;

const MAX_DEPTH = 400;

/** Compiles decoders of answers, each on its first use. */
export function createDecoders(types: TypeTable): (type: TypePlan) => Decoder {
  const known = new Map<string, Decoder>();

  function decoderOf(type: TypePlan, preset?: string): Decoder {
    const decode = contentOf(type, preset);
    return (node, reading) => {
      const target = reading.byId === undefined ? node : follow(node, reading.byId);
      return isNil(target) ? null : decode(target, reading);
    };
  }

  function contentOf(type: TypePlan, preset: string | undefined): Decoder {
    switch (type.kind) {
      case 'simple': {
        const decode = createSimpleDecoder(type);
        return (node) => decode(preset !== undefined && node.text === '' ? preset : node.text, node);
      }
      case 'json':
        return toJson;
      case 'array': {
        const item = decoderOf(type.item);
        return nested((node, reading) => node.children.map((child) => item(child, reading)));
      }
      case 'complex':
        return complex(type.id);
    }
  }

  function complex(id: string): Decoder {
    const existing = known.get(id);
    if (existing !== undefined) return existing;
    // A type may hold itself: it is known before its fields are.
    let own: Decoder | undefined;
    const decoder: Decoder = (node, reading) => {
      own ??= compile(id);
      return own(node, reading);
    };
    known.set(id, decoder);
    return decoder;
  }

  function compile(id: string): Decoder {
    const plan = types.get(id);
    if (plan === undefined) throw new Error(`There is no type ${id}.`);
    if (plan.isFlag) return () => true;
    if (isUnspeakable(plan)) return toJson;
    return nested(plan.variants.length > 0 ? variant(plan) : object(plan));
  }

  /** Which of its variants an element is, it says by xsi:type. */
  function variant(plan: ComplexPlan): Decoder {
    const byKey = new Map<string, Decoder>();
    const byLocal = new Map<string, Decoder>();
    for (const id of plan.variants) {
      const own = types.get(id);
      if (own?.name === undefined) continue;
      const decode = object(own);
      byKey.set(keyOf(own.name.namespace, own.name.local), decode);
      byLocal.set(own.name.local, decode);
    }
    const itself = plan.isAbstract ? undefined : object(plan);
    return (node, reading) => {
      const named = attributeOf(node, 'type', XSI);
      const name = named === undefined ? undefined : resolveName(named, node);
      const local = name?.local ?? named?.split(':').at(-1) ?? '';
      // A prefix that is declared wrongly, or not at all, still names one of few.
      const decode = (name && byKey.get(keyOf(name.namespace, local))) ?? byLocal.get(local) ?? itself;
      if (decode !== undefined) return decode(node, reading);
      throw new AnswerError(`The element ${node.local} is of an abstract type and does not say of which one.`);
    };
  }

  function object(plan: ComplexPlan): Decoder {
    const { fields, objectName } = plan;
    const elements = new Map<string, ElementField[]>();
    const attributes = new Map<string, AttributeField[]>();
    const lists: string[] = [];
    const presets: [name: string, value: unknown][] = [];
    for (const field of fields) {
      const { name, place, local, namespace, type, isList, preset } = field;
      if (place === 'element') {
        append(elements, local, { name, namespace, isList, decode: decoderOf(type, preset) });
        if (isList && !field.isChosen) lists.push(name);
      } else if (place === 'attribute' && type.kind === 'simple') {
        const decode = createSimpleDecoder(type);
        append(attributes, local, { name, namespace, decode });
        if (preset !== undefined) presets.push([name, decode(preset, undefined)]);
      }
    }
    const text = textOf(fields);
    const any = fields.find((field) => field.place === 'any')?.name;
    const anyAttribute = fields.find((field) => field.place === 'anyAttribute')?.name;

    function readAttributes(node: XmlElement, value: Record<string, unknown>): void {
      let others: [string, string][] | undefined;
      for (const { local, namespace, value: text } of node.attributes) {
        // What is said of the element itself, as `xsi:type`, is no attribute of its type.
        if (namespace === XSI) continue;
        const field = matching(attributes.get(local), namespace, true);
        if (field !== undefined) value[field.name] = field.decode(text, node);
        else {
          others ??= [];
          others.push([local, text]);
        }
      }
      if (anyAttribute !== undefined && others !== undefined) value[anyAttribute] = Object.fromEntries(others);
    }

    function readElements(node: XmlElement, value: Record<string, unknown>, reading: Reading): void {
      let others: XmlElement[] | undefined;
      for (const child of node.children) {
        const field = matching(elements.get(child.local), child.namespace, any === undefined);
        if (field === undefined) {
          others ??= [];
          others.push(child);
        } else if (!field.isList) {
          value[field.name] ??= field.decode(child, reading);
        } else {
          const list = value[field.name];
          const item = field.decode(child, reading);
          if (Array.isArray(list)) list.push(item);
          else value[field.name] = [item];
        }
      }
      if (any !== undefined && others !== undefined) value[any] = Object.fromEntries(childrenToJson(others));
    }

    return (node, reading) => {
      const value: Record<string, unknown> = { __typename: objectName };
      for (const name of lists) value[name] = [];
      for (const [name, preset] of presets) value[name] = preset;
      if (node.attributes.length > 0) readAttributes(node, value);
      if (text !== undefined) value[text.name] = text.decode(node.text, node);
      if (node.children.length > 0) readElements(node, value, reading);
      if (fields.length === 0) value[PRESENT] = true;
      return value;
    };
  }

  return (type) => decoderOf(type);
}

interface AttributeField {
  readonly name: string;
  readonly namespace: string;
  readonly decode: ReturnType<typeof createSimpleDecoder>;
}

interface ElementField {
  readonly name: string;
  readonly namespace: string;
  readonly isList: boolean;
  readonly decode: Decoder;
}

function textOf(fields: readonly FieldPlan[]) {
  const field = fields.find(({ place }) => place === 'text' || place === 'mixed');
  if (field === undefined || field.type.kind !== 'simple') return undefined;
  return { name: field.name, decode: createSimpleDecoder(field.type) };
}

/** Services are careless with namespaces: where only one can be meant, it is. */
function matching<T extends { readonly namespace: string }>(
  fields: readonly T[] | undefined,
  namespace: string,
  isLenient: boolean,
): T | undefined {
  if (fields === undefined) return undefined;
  const exact = fields.find((field) => field.namespace === namespace);
  return exact ?? (isLenient && fields.length === 1 ? fields[0] : undefined);
}

/** `<item href="#id1"/>` stands for the element with that id (SOAP 1.1, section 5.4.1; SOAP 1.2 part 2, section 3.1.5). */
function follow(node: XmlElement, byId: ReadonlyMap<string, XmlElement>): XmlElement {
  if (node.children.length > 0) return node;
  const reference = attributeOf(node, 'href')?.replace(/^#/, '') ?? attributeOf(node, 'ref', ENCODING_12);
  if (reference === undefined) return node;
  const target = byId.get(reference);
  if (target === undefined) throw new AnswerError(`The element ${node.local} refers to an id that is not there.`);
  return target;
}

function nested(decode: Decoder): Decoder {
  return (node, reading) => {
    reading.left -= 1 + node.children.length;
    if (reading.depth >= MAX_DEPTH || reading.left < 0) {
      throw new AnswerError('The references of the answer lead too deep, or make too much of it.');
    }
    reading.depth += 1;
    const value = decode(node, reading);
    reading.depth -= 1;
    return value;
  };
}

function append<T>(to: Map<string, T[]>, key: string, value: T): void {
  const list = to.get(key);
  if (list === undefined) to.set(key, [value]);
  else list.push(value);
}
