import fc, { type GeneratorValue } from 'fast-check';
import { type GraphQLObjectType, type GraphQLSchema, getNamedType, isCompositeType, isObjectType } from 'graphql';

/** Argument texts to choose from, by `Type.field`. A field with required arguments and no choice here is left out. */
export type ArgumentChoices = Readonly<Record<string, readonly string[]>>;

export interface RandomQueryOptions {
  readonly schema: GraphQLSchema;
  readonly argumentChoices: ArgumentChoices;
  /** Fields that are never selected. */
  readonly without?: readonly string[];
  readonly maxDepth?: number;
  readonly maxFields?: number;
  /** How many fields of a hundred are conditional. */
  readonly conditionalPercent?: number;
}

/** Valid queries of a schema: aliases, arguments, repeated fields, inline and named fragments, skip and include. */
export function randomQuery(options: RandomQueryOptions): fc.Arbitrary<string> {
  return fc.gen().map((generate) => new QueryWriter(options, generate).write());
}

class QueryWriter {
  private readonly fragments: string[] = [];
  private left: number;
  /** Response key → what stands behind it, by place: two different fields must not share a key. */
  private readonly keys = new Map<string, string>();
  private readonly options: RandomQueryOptions;
  private readonly generate: GeneratorValue;

  constructor(options: RandomQueryOptions, generate: GeneratorValue) {
    this.options = options;
    this.generate = generate;
    this.left = options.maxFields ?? 30;
  }

  write(): string {
    const query = this.options.schema.getQueryType() as GraphQLObjectType;
    const body = this.selections(query, '', this.options.maxDepth ?? 4);
    return `query($yes: Boolean = true, $no: Boolean = false) { ok: __typename @include(if: $yes) no: __typename @skip(if: $no) ${body} } ${this.fragments.join(' ')}`;
  }

  private pick<T>(values: readonly T[]): T {
    return values[this.generate(fc.nat, { max: values.length - 1 })] as T;
  }

  private chance(percent: number): boolean {
    return this.generate(fc.nat, { max: 99 }) < percent;
  }

  private selections(type: GraphQLObjectType, place: string, depth: number): string {
    const without = this.options.without ?? [];
    const fields = Object.values(type.getFields()).filter((field) => {
      const coordinate = `${type.name}.${field.name}`;
      const needs = field.args.some(
        (argument) => String(argument.type).endsWith('!') && argument.defaultValue === undefined,
      );
      if (without.includes(coordinate) || (needs && this.options.argumentChoices[coordinate] === undefined))
        return false;
      return depth > 1 || !isCompositeType(getNamedType(field.type));
    });
    const parts = this.chance(50) ? ['__typename'] : [];
    const count = 1 + this.generate(fc.nat, { max: 3 });
    for (let i = 0; i < count && fields.length > 0 && this.left > 0; i += 1) {
      this.left -= 1;
      const field = this.pick(fields);
      parts.push(this.field(type, field.name, place, depth));
    }
    if (this.left > 0 && this.chance(20)) parts.push(`... on ${type.name} { ${this.selections(type, place, depth)} }`);
    if (this.left > 0 && this.chance(15)) {
      const name = `F${this.fragments.length}`;
      this.fragments.push('');
      this.fragments[Number(name.slice(1))] =
        `fragment ${name} on ${type.name} { ${this.selections(type, place, depth)} }`;
      parts.push(`...${name}`);
    }
    return parts.length === 0 ? '__typename' : parts.join(' ');
  }

  private field(parent: GraphQLObjectType, name: string, place: string, depth: number): string {
    const type = getNamedType(parent.getFields()[name]?.type);
    const choices = this.options.argumentChoices[`${parent.name}.${name}`];
    const args = choices === undefined ? '' : this.pick(choices);
    let key = this.chance(25) ? this.pick(['a', 'b', 'name', 'id']) : name;
    const meaning = `${name}${args}`;
    for (let i = 0; (this.keys.get(`${place}/${key}`) ?? meaning) !== meaning; i += 1) key = `${name}_${i}`;
    this.keys.set(`${place}/${key}`, meaning);
    const directive = this.chance(this.options.conditionalPercent ?? 15)
      ? this.pick([' @include(if: $yes)', ' @include(if: $no)', ' @skip(if: $no)', ' @skip(if: $yes)'])
      : '';
    const body = isObjectType(type) ? ` { ${this.selections(type, `${place}/${key}`, depth - 1)} }` : '';
    return `${key === name ? '' : `${key}: `}${name}${args}${directive}${body}`;
  }
}
