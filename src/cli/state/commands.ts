import { rename, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describeError } from '../../../kernel/errors.ts';
import { readText } from '../../config/read-text.ts';
import type { CommandCall } from '../commands.ts';
import { chooseFormat } from '../formats.ts';
import { EXIT } from '../terminal.ts';
import { DoorError } from './door.ts';
import { withDoor } from './open-door.ts';
import { formatDiff } from './print-diff.ts';

const FORMATS = ['text', 'json'] as const;
const MOST_BYTES = 64 * 1_048_576;

/** `skein export`: the state as YAML. */
export function exportToYaml(call: CommandCall): Promise<number> {
  const { values, terminal } = call;
  const tenants = typeof values.tenant === 'string' ? values.tenant.split(',').map((name) => name.trim()) : undefined;
  return withDoor(call, { mistakes: EXIT.mistakes }, async (door) => {
    const text = await door.export(tenants);
    if (typeof values.output === 'string') await write(resolve(values.output), text);
    else terminal.out(text);
    return EXIT.ok;
  });
}

/** `skein diff --state`: 0 where nothing would change, 1 where something would. */
export function diffWithState(call: CommandCall): Promise<number> {
  const { values, terminal } = call;
  const format = chooseFormat(values.format, FORMATS, terminal);
  if (format === undefined) return Promise.resolve(EXIT.usage);
  const file = resolve(String(values.state));
  return withDoor(call, { file, mistakes: EXIT.usage }, async (door) => {
    const diff = await door.diff(await read(file), { prune: values.prune === true });
    terminal.out(format === 'json' ? `${JSON.stringify(diff, null, 2)}\n` : formatDiff(diff, false));
    return diff.changes.length === 0 ? EXIT.ok : EXIT.mistakes;
  });
}

/** `skein apply`. */
export function applyFromYaml(call: CommandCall): Promise<number> {
  const { values, terminal } = call;
  const format = chooseFormat(values.format, FORMATS, terminal);
  if (format === undefined) return Promise.resolve(EXIT.usage);
  if (typeof values.file !== 'string') {
    terminal.err('The option --file is missing: it says what there should be.\nRun "skein apply --help".\n');
    return Promise.resolve(EXIT.usage);
  }
  const file = resolve(values.file);
  const isDry = values['dry-run'] === true;
  const given = { prune: values.prune === true, allowBreaking: values['allow-breaking'] === true };
  const message = typeof values.message === 'string' ? values.message : '';
  return withDoor(call, { file, mistakes: EXIT.mistakes }, async (door) => {
    const text = await read(file);
    const diff = isDry ? await door.diff(text, given) : await door.apply(text, { ...given, message });
    terminal.out(format === 'json' ? `${JSON.stringify(diff, null, 2)}\n` : formatDiff(diff, !isDry));
    return isDry && diff.breaking.length > 0 && !given.allowBreaking ? EXIT.mistakes : EXIT.ok;
  });
}

async function read(file: string): Promise<string> {
  try {
    return await readText(file, MOST_BYTES);
  } catch (error) {
    throw new DoorError(`${file} cannot be read: ${describeError(error)}.`);
  }
}

/** The whole of it, or nothing. It has hashes of keys: it is for its owner alone to read. */
async function write(file: string, text: string): Promise<void> {
  const beside = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(beside, text, { mode: 0o600 });
    await rename(beside, file);
  } catch (error) {
    throw new DoorError(`${file} cannot be written: ${describeError(error)}.`);
  }
}
