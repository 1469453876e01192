import { type Change, CriticalityLevel, diff as compare, DiffRule } from '@graphql-inspector/core';
import { clean, formatProblems } from '../config/print-problems.ts';
import type { CommandCall } from './commands.ts';
import { chooseFormat } from './formats.ts';
import { readSchemaFrom, type SchemaReading } from './read-schema.ts';
import { EXIT, type Terminal } from './terminal.ts';

const FORMATS = ['text', 'json'] as const;

/** Kinds of change, the worst first. */
const LEVELS = [
  { name: 'breaking', title: 'Breaking', level: CriticalityLevel.Breaking },
  { name: 'dangerous', title: 'Dangerous', level: CriticalityLevel.Dangerous },
  { name: 'safe', title: 'Safe', level: CriticalityLevel.NonBreaking },
] as const;

/** `skein diff`: what changes from one schema to another. */
export async function diff({ values, env, terminal }: CommandCall): Promise<number> {
  const format = chooseFormat(values.format, FORMATS, terminal);
  if (format === undefined) return EXIT.usage;
  if (typeof values.from !== 'string') {
    terminal.err('The option --from is missing: it says what there was before.\nRun "skein diff --help".\n');
    return EXIT.usage;
  }
  const [from, to] = await Promise.all([
    readSchemaFrom(values.from, env),
    readSchemaFrom(typeof values.to === 'string' ? values.to : undefined, env),
  ]);
  for (const reading of [from, to]) tellUnread(reading, terminal);
  if (from.schema === undefined || to.schema === undefined) return EXIT.usage;
  const changes = await compare(from.schema, to.schema, [DiffRule.simplifyChanges]);
  const groups = LEVELS.map((kind) => ({
    ...kind,
    changes: changes.filter(({ criticality }) => criticality.level === kind.level).sort(byPath),
  }));
  if (format === 'json') {
    const value = Object.fromEntries(groups.map(({ name, changes: group }) => [name, group.map(toJson)]));
    terminal.out(`${JSON.stringify({ from: from.name, to: to.name, ...value }, null, 2)}\n`);
  } else terminal.out(formatChanges(groups));
  return groups[0]?.changes.length === 0 ? EXIT.ok : EXIT.mistakes;
}

function tellUnread({ name, problems, file, locate }: SchemaReading, terminal: Terminal): void {
  if (problems.length === 0) return;
  terminal.err(`${clean(name)} cannot be compared:\n`);
  terminal.err(formatProblems(problems, { file, locate, color: terminal.color }));
}

interface ChangeGroup {
  readonly name: string;
  readonly title: string;
  readonly changes: readonly Change[];
}

function formatChanges(groups: readonly ChangeGroup[]): string {
  const total = groups.reduce((sum, { changes }) => sum + changes.length, 0);
  if (total === 0) return 'No changes.\n';
  const lines = groups.flatMap(({ title, changes }) =>
    changes.length === 0 ? [] : [`${title}`, ...changes.map(changeText), ''],
  );
  const counts = groups.map(({ name, changes }) => `${changes.length} ${name}`);
  return `${lines.join('\n')}\n${counts.join(', ')}.\n`;
}

function changeText({ message, criticality }: Change): string {
  const [first] = criticality.reason?.split(/(?<=\.) /) ?? [];
  const reason = first === undefined ? '' : `\n    ${clean(first)}`;
  return `  ${clean(message)}${reason}`;
}

function toJson({ path, message, type, criticality }: Change): object {
  const { reason } = criticality;
  return { ...(path !== undefined && { path }), message, type, ...(reason !== undefined && { reason }) };
}

function byPath(a: Change, b: Change): number {
  const [one, two] = [a.path ?? '', b.path ?? ''];
  return one === two ? 0 : one < two ? -1 : 1;
}
