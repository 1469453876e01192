import { didYouMean } from '../../kernel/suggest.ts';
import { oneOf } from '../config/path-text.ts';
import type { OptionValues } from './commands.ts';
import type { Terminal } from './terminal.ts';

/** The format that was asked for, the first one by default; undefined, and told, if there is no such format. */
export function chooseFormat<F extends string>(
  given: OptionValues['format'],
  formats: readonly F[],
  terminal: Terminal,
): F | undefined {
  const found = formats.find((format) => format === (given ?? formats[0]));
  if (found === undefined) {
    terminal.err(`The format must be ${oneOf(formats)}.${didYouMean(String(given), formats)}\n`);
  }
  return found;
}
