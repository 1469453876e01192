import { Kind, print } from 'graphql';
import { type ComplexPlan, type FieldPlan, type OperationPlan, PRESENT, type TypePlan } from './plan.ts';
import type { PlannedTypes } from './plan-types.ts';
import { fieldText, findInputCycles, findReachable, inputFields, inputFieldsOf, typeText } from './sdl-types.ts';

export interface PrintedSdl {
  readonly sdl: string;
  /** GraphQL names of interfaces and unions. */
  readonly abstractTypes: readonly string[];
  readonly enumValues: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/** The SDL of operations and what they lead to; root types first, then types by name. */
export function printSdl(
  operations: readonly OperationPlan[],
  planned: PlannedTypes,
  describeOperation: (operation: OperationPlan) => string | undefined,
): PrintedSdl {
  const reachable = findReachable(operations, planned);
  const opened = findInputCycles(reachable, planned);
  const definitions = new Map<string, string>();
  const abstractTypes: string[] = [];

  const line = (field: FieldPlan, direction: 'output' | 'input') => {
    const type = fieldText(field, direction, planned, direction === 'input' && opened.has(field));
    return `${described(descriptionOf(field, planned), '  ')}  ${field.name}: ${type}`;
  };
  const block = (lines: readonly string[]) =>
    `{\n${(lines.length > 0 ? lines : [`  ${PRESENT}: Boolean`]).join('\n')}\n}`;
  const define = (name: string, keyword: string, plan: ComplexPlan | undefined, rest: string) =>
    definitions.set(name, `${described(plan && planned.descriptionOf(plan), '')}${keyword} ${name}${rest}`);
  const plansOf = (ids: ReadonlySet<string>) => [...ids].flatMap((id) => planned.types.get(id) ?? []);

  /** What a type says it is: the interfaces among its ancestors, all of them as GraphQL wants it. */
  function implemented(plan: ComplexPlan, self: boolean): string {
    const ids = [...(self ? [plan.id] : []), ...(planned.ancestors.get(plan.id) ?? [])];
    const names = ids.flatMap((id) => {
      const isInterface = reachable.abstracts.has(id) && planned.types.get(id)?.fields.length !== 0;
      return isInterface ? (planned.names.get(id)?.output ?? []) : [];
    });
    return names.length === 0 ? '' : ` implements ${names.join(' & ')}`;
  }

  for (const plan of plansOf(reachable.objects)) {
    const lines = plan.fields.map((field) => line(field, 'output'));
    define(plan.objectName, 'type', plan, `${implemented(plan, true)} ${block(lines)}`);
  }
  for (const plan of plansOf(reachable.abstracts)) {
    const name = planned.names.get(plan.id)?.output ?? '';
    abstractTypes.push(name);
    if (plan.fields.length === 0) {
      const members = plansOf(new Set(plan.variants)).map((variant) => variant.objectName);
      define(name, 'union', plan, ` = ${members.join(' | ')}`);
    } else {
      const lines = plan.fields.map((field) => line(field, 'output'));
      define(name, 'interface', plan, `${implemented(plan, false)} ${block(lines)}`);
    }
  }
  for (const plan of plansOf(reachable.inputs)) {
    const lines = inputFields(plan).map((field) => line(field, 'input'));
    define(planned.names.get(plan.id)?.ownInput ?? '', 'input', plan, ` ${block(lines)}`);
  }
  for (const plan of plansOf(reachable.variantInputs)) {
    const lines = plansOf(new Set(plan.variants)).map(
      (variant) => `  ${variant.variantField}: ${planned.names.get(variant.id)?.ownInput}`,
    );
    const name = planned.names.get(plan.id)?.input ?? '';
    definitions.set(name, `"Exactly one of these."\ninput ${name} ${block(lines)}`);
  }
  const enumValues = new Map<string, Readonly<Record<string, string>>>();
  for (const id of reachable.enums) {
    const own = planned.enums.get(id);
    if (own === undefined) continue;
    definitions.set(own.name, `enum ${own.name} {\n${[...own.values.keys()].map((name) => `  ${name}`).join('\n')}\n}`);
    enumValues.set(own.name, Object.fromEntries(own.values));
  }

  const roots = (['Query', 'Mutation'] as const).flatMap((parent) => {
    const fields = operations
      .filter((operation) => operation.parent === parent)
      .map((operation) => {
        const args = [...inputFieldsOf(planned, operation.input.type), ...operation.headers].map(
          (field) =>
            `${described(descriptionOf(field, planned), '    ')}    ${field.name}: ${fieldText(field, 'input', planned)}`,
        );
        const list = args.length === 0 ? '' : `(\n${args.join('\n')}\n  )`;
        const head = `${described(describeOperation(operation), '  ')}  ${operation.field}${list}`;
        return `${head}: ${resultText(operation, planned)}`;
      });
    return fields.length === 0 ? [] : [`type ${parent} {\n${fields.join('\n')}\n}`];
  });
  const types = [...definitions].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
  const body = [...roots, ...types].join('\n\n');
  const scalars = ['JSON', 'Int64'].filter((name) => new RegExp(`: \\[*${name}\\b`).test(body));
  return { sdl: [body, ...scalars.map((name) => `scalar ${name}`)].join('\n\n'), abstractTypes, enumValues };
}

/** All root fields may be null: a service that fails takes nothing else with it. */
function resultText({ output }: OperationPlan, planned: PlannedTypes): string {
  if (output.kind === 'done') return 'Boolean';
  const plan = output.type.kind === 'complex' ? planned.types.get(output.type.id) : undefined;
  const only = output.unwrap === undefined ? undefined : plan?.fields[0];
  return only === undefined
    ? typeText(output.type, 'output', planned)
    : fieldText(only, 'output', planned).replace(/!$/, '');
}

/** What the document says, and of numbers that are text why they are. */
function descriptionOf(field: FieldPlan, planned: PlannedTypes): string | undefined {
  const own = planned.descriptionOf(field);
  const note = noteOn(field.type);
  return own === undefined || note === undefined ? (own ?? note) : `${own}\n\n${note}`;
}

function noteOn(type: TypePlan): string | undefined {
  if (type.kind !== 'simple') return undefined;
  if (type.form === 'decimal') return 'A decimal number, as text so that it keeps all of its digits.';
  if (type.form === 'integer' && type.scalar === 'String') return 'An integer of any size, as text.';
  if (type.form === 'name') return 'A name in a namespace, as `{namespace}name`.';
  return undefined;
}

function described(description: string | undefined, indent: string): string {
  const text = description?.trim();
  if (text === undefined || text === '') return '';
  // Half characters, which GraphQL does not allow, become U+FFFD.
  const value = Buffer.from(text).toString().replace(/\r\n?/g, '\n');
  if (!value.includes('\n')) return `${indent}${JSON.stringify(value)}\n`;
  return `${print({ kind: Kind.STRING, value, block: true }).replace(/^(?=.)/gm, indent)}\n`;
}
