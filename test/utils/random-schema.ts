import fc, { type GeneratorValue } from 'fast-check';

/** Valid schemas with interfaces of interfaces, unions, input types, and fields that lead in circles. */
export function randomSchema(): fc.Arbitrary<string> {
  return fc.gen().map(writeSchema);
}

interface Field {
  readonly name: string;
  readonly text: string;
}

function writeSchema(generate: GeneratorValue): string {
  const upTo = (max: number) => generate(fc.nat, { max });
  const pick = <T>(values: readonly T[]): T => values[upTo(values.length - 1)] as T;
  const some = <T>(values: readonly T[], percent: number): T[] => values.filter(() => upTo(99) < percent);
  const named = (prefix: string, most: number, least = 0) =>
    Array.from({ length: least + upTo(most - least) }, (_, i) => `${prefix}${i}`);

  const objects = named('T', 7, 2);
  const interfaces = named('I', 4);
  const unions = named('U', 2);
  const outputs = ['Int', 'String', 'Colour', ...objects, ...interfaces, ...unions];
  const wrap = (type: string) => pick([type, `${type}!`, `[${type}]`, `[${type}!]!`]);
  const makeField = (name: string): Field => {
    const args = pick(['', '', '(a: Int)', '(in: Filter)', '(c: Colour = RED)']);
    return { name, text: `${name}${args}: ${wrap(pick(outputs))}` };
  };
  const makeFields = (names: readonly string[], least: number) => {
    const chosen = some(names, 50);
    return (chosen.length < least ? names.slice(0, least) : chosen).map(makeField);
  };

  /** What implementing a type brings, that of its own interfaces included. Names of fields do not meet. */
  const fieldsOf = new Map<string, readonly Field[]>();
  const above = new Map<string, readonly string[]>();
  const define = (kind: string, name: string, candidates: readonly string[]): string => {
    const direct = some(candidates, 40);
    const all = [...new Set(direct.flatMap((one) => [one, ...(above.get(one) ?? [])]))];
    const inherited = new Map(all.flatMap((one) => fieldsOf.get(one) ?? []).map((field) => [field.name, field]));
    const own = makeFields([`${name}a`, `${name}b`, `${name}c`], 1);
    const fields = [...inherited.values(), ...own];
    fieldsOf.set(name, fields);
    above.set(name, all);
    const clause = all.length === 0 ? '' : ` implements ${all.join(' & ')}`;
    return `${kind} ${name}${clause} { ${fields.map(({ text }) => text).join(' ')} }`;
  };
  const definitions = [
    ...interfaces.map((name, i) => define('interface', name, interfaces.slice(0, i))),
    ...objects.map((name) => define('type', name, interfaces)),
    ...unions.map((name) => {
      const members = some(objects, 40);
      return `union ${name} = ${(members.length === 0 ? objects.slice(0, 1) : members).join(' | ')}`;
    }),
    define('type', 'Query', []),
    ...(upTo(1) === 0 ? [] : [define('type', 'Mutation', [])]),
    'enum Colour { RED BLUE }',
    'input Filter { text: String more: Filter }',
  ];
  return definitions.join('\n');
}
