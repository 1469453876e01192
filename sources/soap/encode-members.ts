import type { Arguments } from '../source.ts';
import type { ElementEncoder, XmlOutput } from './encode.ts';
import { createSimpleEncoder } from './encode-simple.ts';
import { writeJsonAttribute, writeJsonContent } from './json-xml.ts';
import type { ComplexPlan, ElementName, FieldPlan, TypePlan } from './plan.ts';
import { escapeAttribute, escapeText, InputError } from './xml-text.ts';

/** What is in the tags of an element of a complex type, and between them. */
export interface ContentEncoder {
  attributes(value: unknown, out: XmlOutput): void;
  content(value: unknown, out: XmlOutput): void;
}

type MemberEncoder = (value: Arguments, out: XmlOutput) => void;

/** Compiles the content of complex types, each on its first use. */
export function createContentEncoders(
  element: (name: ElementName, type: TypePlan, encoded: boolean) => ElementEncoder,
  qualified: (name: ElementName) => string,
): (plan: ComplexPlan, encoded: boolean) => ContentEncoder {
  const contents = { literal: new Map<string, ContentEncoder>(), encoded: new Map<string, ContentEncoder>() };

  function contentOf(plan: ComplexPlan, encoded: boolean): ContentEncoder {
    const known = encoded ? contents.encoded : contents.literal;
    const existing = known.get(plan.id);
    if (existing !== undefined) return existing;
    // A type may hold itself: it is known before its fields are.
    const encoder: ContentEncoder = {
      attributes: (value, out) => compiled().attributes(value, out),
      content: (value, out) => compiled().content(value, out),
    };
    let own: ContentEncoder | undefined;
    const compiled = () => {
      own ??= compileContent(plan, encoded);
      return own;
    };
    known.set(plan.id, encoder);
    return encoder;
  }

  function compileContent(plan: ComplexPlan, encoded: boolean): ContentEncoder {
    const attributes = plan.fields.flatMap((field) => attributeEncoder(field) ?? []);
    const members = groupRounds(plan.fields).map((group) => memberEncoder(group, encoded));
    const checkChoices = choiceCheck(plan);
    return {
      attributes: (value, out) => {
        for (const encode of attributes) encode(value as Arguments, out);
      },
      content: (value, out) => {
        checkChoices(value as Arguments);
        for (const encode of members) encode(value as Arguments, out);
      },
    };
  }

  function attributeEncoder(field: FieldPlan): MemberEncoder | undefined {
    const { name, place, type, namespace } = field;
    if (place === 'anyAttribute') {
      return (value, out) => {
        const own = value[name];
        if (typeof own !== 'object' || own === null) return;
        within(name, () => {
          const all = Object.entries(own).map(([key, each], index) => writeJsonAttribute(key, each, index));
          out.text += all.join('');
        });
      };
    }
    if (place !== 'attribute' || type.kind !== 'simple') return undefined;
    const encode = createSimpleEncoder(type);
    const attribute = qualified(field);
    const preset = field.isRequired ? presetOf(field) : undefined;
    return (value, out) => {
      const own = value[name] ?? preset;
      if (own === undefined || own === null) return;
      if (namespace !== '') out.namespaces.add(namespace);
      within(name, () => {
        let declared = '';
        const text = encode(own, (uri) => {
          const prefix = `${field.local}${declared.length}`;
          declared += ` xmlns:${prefix}="${escapeAttribute(uri)}"`;
          return prefix;
        });
        out.text += `${declared} ${attribute}="${escapeAttribute(text)}"`;
      });
    };
  }

  function memberEncoder(group: readonly FieldPlan[], encoded: boolean): MemberEncoder {
    const [field] = group;
    if (field === undefined) return () => {};
    if (group.length > 1) return turnsEncoder(group, encoded);
    const { name, place, type } = field;
    switch (place) {
      case 'element':
        return elementMember(field, element(field, type, encoded));
      case 'text': {
        if (type.kind !== 'simple') return () => {};
        const encode = createSimpleEncoder(type);
        return (value, out) => {
          const own = value[name];
          const refuse = () => {
            throw new InputError('cannot be a name in another namespace');
          };
          if (own !== undefined && own !== null)
            within(name, () => {
              out.text += escapeText(encode(own, refuse));
            });
        };
      }
      case 'any':
        return (value, out) =>
          within(name, () => {
            out.text += writeJsonContent(value[name]);
          });
      default:
        return () => {};
    }
  }

  /** `<key/><value/><key/><value/>`, of a list for each. */
  function turnsEncoder(group: readonly FieldPlan[], encoded: boolean): MemberEncoder {
    const members = group.map((field) => ({ name: field.name, encode: element(field, field.type, encoded) }));
    return (value, out) => {
      const lists = members.map(({ name }) => listOf(value[name]));
      const rounds = Math.max(...lists.map((list) => list.length));
      for (let round = 0; round < rounds; round++) {
        members.forEach(({ name, encode }, index) => {
          const list = lists[index];
          if (list !== undefined && round < list.length) {
            within(name, () => within(round, () => encode(list[round], out)));
          }
        });
      }
    };
  }

  return contentOf;
}

export function elementMember(field: FieldPlan, encode: ElementEncoder): MemberEncoder {
  const { name, type, isList, isNillable, isRequired, isChosen } = field;
  const preset = isRequired ? presetOf(field) : undefined;
  return (value, out) => {
    const own = value[name];
    if (own === undefined || own === null) {
      if (own === undefined && preset !== undefined) encode(preset, out);
      else if (!isList && isNillable && !isChosen && (own === null || isRequired)) encode(null, out);
    } else if (isList) {
      listOf(own).forEach((item, index) => {
        within(name, () => within(index, () => encode(item, out)));
      });
    } else if (own !== false || type.kind !== 'complex') {
      // Of an empty type the value is whether the element is there.
      within(name, () => encode(own, out));
    }
  };
}

/** A default as it would be given: of a list, its words. */
function presetOf({ preset, type }: FieldPlan): unknown {
  const isList = type.kind === 'simple' && type.list;
  return isList ? preset?.split(/\s+/).filter((word) => word !== '') : preset;
}

/** Fields of one repeated group together, all others alone. */
function groupRounds(fields: readonly FieldPlan[]): FieldPlan[][] {
  const groups: FieldPlan[][] = [];
  for (const field of fields) {
    const last = groups.at(-1);
    if (field.round !== undefined && last?.[0]?.round === field.round) last.push(field);
    else groups.push([field]);
  }
  return groups;
}

function choiceCheck({ choices }: ComplexPlan): (value: Arguments) => void {
  const isGiven = (value: Arguments, name: string) => value[name] !== undefined && value[name] !== null;
  return (value) => {
    for (const branches of choices) {
      const given = branches.flatMap((names) => names.find((name) => isGiven(value, name)) ?? []);
      if (given.length > 1) throw new InputError(`may have only one of ${given.join(', ')}`);
    }
  };
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

export function within(step: string | number, action: () => void): void {
  try {
    action();
  } catch (error) {
    if (error instanceof InputError) error.path.unshift(step);
    throw error;
  }
}
