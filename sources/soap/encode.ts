import type { Arguments } from '../source.ts';
import { createContentEncoders, elementMember, within } from './encode-members.ts';
import { createSimpleEncoder, type SimpleEncoder } from './encode-simple.ts';
import { writeJsonAttributes, writeJsonContent } from './json-xml.ts';
import { ENCODING_11, ENCODING_12, XML, XSD, XSI } from './namespaces.ts';
import {
  type BodyPlan,
  type ComplexPlan,
  type ElementName,
  type FieldPlan,
  isUnspeakable,
  type SoapVersion,
  type TypePlan,
  type TypeTable,
} from './plan.ts';
import { escapeAttribute, escapeText, InputError } from './xml-text.ts';

/** XML on its way, with the namespaces that it needs declared around it. */
export interface XmlOutput {
  text: string;
  readonly namespaces: Set<string>;
}

/** Writes one element, or for null one that says it has no value. @throws InputError */
export type ElementEncoder = (value: unknown, out: XmlOutput) => void;

export interface Encoders {
  /** What goes between the tags of the body. */
  body(plan: BodyPlan): (args: Arguments, out: XmlOutput) => void;
  header(field: FieldPlan): (args: Arguments, out: XmlOutput) => void;
  /** Declarations of the namespaces, for the envelope. */
  declare(namespaces: Iterable<string>): string;
}

const NIL = ' xsi:nil="true"/>';

/** Compiles encoders of arguments, each on its first use. */
export function createEncoders(types: TypeTable, version: SoapVersion): Encoders {
  const encoding = version === '1.2' ? ENCODING_12 : ENCODING_11;
  const prefixes = new Map([
    [XSD, 'xsd'],
    [XSI, 'xsi'],
    [XML, 'xml'],
    [encoding, 'enc'],
  ]);
  const contentOf = createContentEncoders(element, qualified);

  function qualified({ namespace, local }: ElementName): string {
    if (namespace === '') return local;
    const prefix = prefixes.get(namespace) ?? `n${prefixes.size}`;
    prefixes.set(namespace, prefix);
    return `${prefix}:${local}`;
  }

  function element(name: ElementName, type: TypePlan, encoded: boolean): ElementEncoder {
    const tag = qualified(name);
    const close = `</${tag}>`;
    const write = opened(tag, type, encoded);
    return (value, out) => {
      if (name.namespace !== '') out.namespaces.add(name.namespace);
      if (value === null || value === undefined) {
        out.namespaces.add(XSI);
        out.text += `<${tag}${NIL}`;
        return;
      }
      write(value, out);
      out.text += close;
    };
  }

  /** All but the end tag. */
  function opened(tag: string, type: TypePlan, encoded: boolean): ElementEncoder {
    switch (type.kind) {
      case 'simple':
        return simpleElement(tag, createSimpleEncoder(type), encoded ? type.xsdType : undefined);
      case 'json':
        return jsonElement(tag);
      case 'array':
        return arrayElement(tag, type, encoded);
      case 'complex': {
        const plan = types.get(type.id);
        if (plan === undefined) throw new Error(`There is no type ${type.id}.`);
        if (isUnspeakable(plan)) return jsonElement(tag);
        return plan.variants.length > 0
          ? variantElement(tag, plan, encoded)
          : complexElement(tag, plan, encoded, encoded);
      }
    }
  }

  function simpleElement(tag: string, encode: SimpleEncoder, xsdType: ElementName | undefined): ElementEncoder {
    const typed = xsdType === undefined ? undefined : typeAttribute(xsdType);
    return (value, out) => {
      let declared = '';
      const text = encode(value, (namespace) => {
        const prefix = `q${declared.length}`;
        declared += ` xmlns:${prefix}="${escapeAttribute(namespace)}"`;
        return prefix;
      });
      out.text += `<${tag}${typed?.(out) ?? ''}${declared}>${escapeText(text)}`;
    };
  }

  function typeAttribute(name: ElementName): (out: XmlOutput) => string {
    const attribute = ` xsi:type="${qualified(name)}"`;
    return (out) => {
      out.namespaces.add(XSI).add(name.namespace);
      return attribute;
    };
  }

  function jsonElement(tag: string): ElementEncoder {
    return (value, out) => {
      out.text += `<${tag}${jsonType(value, out)}${writeJsonAttributes(value)}>${writeJsonContent(value)}`;
    };
  }

  /** What a JSON value may stand for elsewhere has to be told. */
  function jsonType(value: unknown, out: XmlOutput): string {
    const local = { string: 'string', boolean: 'boolean', number: 'double' }[typeof value as string];
    if (local === undefined) return '';
    out.namespaces.add(XSI).add(XSD);
    return ` xsi:type="xsd:${local}"`;
  }

  function complexElement(tag: string, plan: ComplexPlan, encoded: boolean, isTyped: boolean): ElementEncoder {
    const { attributes, content } = contentOf(plan, encoded);
    const typed = isTyped && plan.name !== undefined ? typeAttribute(plan.name) : undefined;
    return (value, out) => {
      out.text += `<${tag}${typed?.(out) ?? ''}`;
      attributes(value, out);
      out.text += '>';
      content(value, out);
    };
  }

  function variantElement(tag: string, plan: ComplexPlan, encoded: boolean): ElementEncoder {
    const variants = new Map<string, ElementEncoder>();
    const known = new Map(plan.variants.map((id) => [types.get(id)?.variantField ?? '', id]));
    return (value, out) => {
      const given = Object.entries(value as Arguments).filter(([, own]) => own !== null && own !== undefined);
      const [chosen, ...others] = given;
      if (chosen === undefined || others.length > 0) {
        throw new InputError(`needs exactly one of ${[...known.keys()].slice(0, 20).join(', ')}`);
      }
      const [field, own] = chosen;
      const id = known.get(field) ?? '';
      const variant = types.get(id);
      if (variant === undefined) throw new Error(`There is no type ${id}.`);
      const encode = variants.get(field) ?? complexElement(tag, variant, encoded, encoded || id !== plan.id);
      variants.set(field, encode);
      within(field, () => encode(own, out));
    };
  }

  function arrayElement(tag: string, type: TypePlan & { kind: 'array' }, encoded: boolean): ElementEncoder {
    const item = element({ namespace: '', local: type.itemName }, type.item, encoded);
    const itemType = qualified(type.itemType);
    return (value, out) => {
      const items = Array.isArray(value) ? value : [value];
      out.namespaces.add(XSI).add(encoding);
      if (type.itemType.namespace !== '') out.namespaces.add(type.itemType.namespace);
      out.text +=
        version === '1.2'
          ? `<${tag} enc:itemType="${itemType}" enc:arraySize="${items.length}">`
          : `<${tag} xsi:type="enc:Array" enc:arrayType="${itemType}[${items.length}]">`;
      items.forEach((each: unknown, index) => {
        within(index, () => item(each, out));
      });
    };
  }

  return {
    body({ wrapper, type, encoded }) {
      const plan = types.get(type);
      if (plan === undefined) throw new Error(`There is no type ${type}.`);
      const { attributes, content } = contentOf(plan, encoded);
      if (wrapper === undefined) return content;
      const tag = qualified(wrapper);
      const style = encoded ? ` soap:encodingStyle="${encoding}"` : '';
      return (args, out) => {
        if (wrapper.namespace !== '') out.namespaces.add(wrapper.namespace);
        out.text += `<${tag}${style}`;
        attributes(args, out);
        out.text += '>';
        content(args, out);
        out.text += `</${tag}>`;
      };
    },
    header: (field) => elementMember(field, element(field, field.type, false)),
    declare(namespaces) {
      let text = '';
      for (const namespace of namespaces) {
        if (namespace !== XML) text += ` xmlns:${prefixes.get(namespace)}="${escapeAttribute(namespace)}"`;
      }
      return text;
    },
  };
}
