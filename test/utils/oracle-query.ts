import fc, { type GeneratorValue } from 'fast-check';
import {
  type GraphQLCompositeType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isUnionType,
} from 'graphql';
import type { ArgumentChoices } from './random-query.ts';

export interface OracleQueryOptions {
  readonly schema: GraphQLSchema;
  /** Argument texts to choose from, by `Type.field`; they may name variables. */
  readonly argumentChoices: ArgumentChoices;
  /** Definitions of the variables that arguments name: `first` → `Int = 2`. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly without?: readonly string[];
  readonly maxDepth?: number;
  readonly maxFields?: number;
  /** Default: true. */
  readonly aliases?: boolean;
  /** Default: true. */
  readonly conditions?: boolean;
}

/**
 * Valid queries that look for trouble: interfaces and unions with fragments on every type that fits, fields that are
 * repeated in other fragments, under aliases, with variables and with conditions.
 */
export function oracleQuery(options: OracleQueryOptions): fc.Arbitrary<string> {
  return fc.gen().map((generate) => new OracleWriter(options, generate).write());
}

class OracleWriter {
  private readonly fragments: string[] = [];
  private left: number;
  /** Response key → what stands behind it, by place, whatever type it is on. */
  private readonly keys = new Map<string, string>();
  private readonly options: OracleQueryOptions;
  private readonly generate: GeneratorValue;

  constructor(options: OracleQueryOptions, generate: GeneratorValue) {
    this.options = options;
    this.generate = generate;
    this.left = options.maxFields ?? 40;
  }

  write(): string {
    const query = this.options.schema.getQueryType();
    if (query == null) throw new Error('no queries');
    const body = this.selections(query, '', this.options.maxDepth ?? 5);
    const fragments = this.fragments.join(' ');
    const used = Object.entries(this.options.variables ?? {}).filter(([name]) =>
      new RegExp(`\\$${name}\\b`).test(`${body} ${fragments}`),
    );
    const variables = [
      '$yes: Boolean = true',
      '$no: Boolean = false',
      ...used.map(([name, type]) => `$${name}: ${type}`),
    ];
    return `query(${variables.join(', ')}) { ok: __typename @include(if: $yes) no: __typename @skip(if: $no) ${body} } ${fragments}`;
  }

  private pick<T>(values: readonly T[]): T {
    return values[this.generate(fc.nat, { max: values.length - 1 })] as T;
  }

  private chance(percent: number): boolean {
    return this.generate(fc.nat, { max: 99 }) < percent;
  }

  private condition(): string {
    if (this.options.conditions === false || !this.chance(15)) return '';
    return this.pick([' @include(if: $yes)', ' @include(if: $no)', ' @skip(if: $no)', ' @skip(if: $yes)']);
  }

  private selections(type: GraphQLCompositeType, place: string, depth: number): string {
    const parts = this.chance(40) ? ['__typename'] : [];
    const fields = this.fieldsOf(type, depth);
    const count = 1 + this.generate(fc.nat, { max: 3 });
    for (let i = 0; i < count && fields.length > 0 && this.left > 0; i += 1) {
      this.left -= 1;
      parts.push(this.field(type, this.pick(fields), place, depth));
    }
    const others = isAbstractType(type) ? 3 : 1;
    for (let i = 0; i < others; i += 1) {
      if (this.left <= 0 || !this.chance(isAbstractType(type) ? 60 : 25)) continue;
      const on = this.pick(this.fitting(type));
      const body = this.selections(on, place, depth);
      if (this.chance(60)) parts.push(`... on ${on.name}${this.condition()} { ${body} }`);
      else {
        const name = `F${this.fragments.length}`;
        this.fragments.push(`fragment ${name} on ${on.name} { ${body} }`);
        parts.push(`...${name}${this.condition()}`);
      }
    }
    return parts.length === 0 ? '__typename' : parts.join(' ');
  }

  private fieldsOf(type: GraphQLCompositeType, depth: number): string[] {
    if (isUnionType(type)) return [];
    return Object.values(type.getFields())
      .filter((field) => {
        const coordinate = `${type.name}.${field.name}`;
        const needs = field.args.some(
          (argument) => String(argument.type).endsWith('!') && argument.defaultValue === undefined,
        );
        if (this.options.without?.includes(coordinate) === true) return false;
        if (needs && this.options.argumentChoices[coordinate] === undefined) return false;
        return depth > 1 || !isCompositeType(getNamedType(field.type));
      })
      .map(({ name }) => name);
  }

  /** Types that an object of the type can also be. */
  private fitting(type: GraphQLCompositeType): GraphQLCompositeType[] {
    const { schema } = this.options;
    const possible = isAbstractType(type) ? schema.getPossibleTypes(type) : [type];
    const abstract = Object.values(schema.getTypeMap()).filter(
      (other) =>
        !other.name.startsWith('__') &&
        isAbstractType(other) &&
        schema.getPossibleTypes(other).some((member) => possible.includes(member)),
    );
    return [...possible, ...possible, ...(abstract as GraphQLCompositeType[])];
  }

  private field(parent: GraphQLCompositeType, name: string, place: string, depth: number): string {
    const field = isUnionType(parent) ? undefined : parent.getFields()[name];
    if (field === undefined) return '__typename';
    const type = getNamedType(field.type);
    const choices = this.options.argumentChoices[`${parent.name}.${name}`];
    const args = choices === undefined ? '' : this.pick(choices);
    let key = this.options.aliases !== false && this.chance(25) ? this.pick(['a', 'b', 'name', 'id']) : name;
    const meaning = `${name}${args}: ${field.type}`;
    for (let i = 0; (this.keys.get(`${place}/${key}`) ?? meaning) !== meaning; i += 1) key = `${name}_${i}`;
    this.keys.set(`${place}/${key}`, meaning);
    const body = isCompositeType(type) ? ` { ${this.selections(type, `${place}/${key}`, depth - 1)} }` : '';
    return `${key === name ? '' : `${key}: `}${name}${args}${this.condition()}${body}`;
  }
}
