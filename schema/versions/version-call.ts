import { SkeinError } from '../../kernel/errors.ts';
import type { Arguments, CallContext, Selected, SourceCall } from '../../sources/source.ts';
import { mapStream } from '../transforms/map-stream.ts';
import { type Picking, pickVersion } from './pick-version.ts';

/** What a version has for a root field. */
export interface VersionedCall {
  readonly call: SourceCall;
  /** Its own form of the arguments, undefined where it does not know what is given. */
  readonly readArguments: ((args: Arguments) => Arguments | undefined) | undefined;
  readonly readResult: ((value: unknown) => unknown) | undefined;
  readonly has: ((selected: Selected) => boolean) | undefined;
}

/** One call of several versions: each call of it goes to one of them. `calls` has the versions in their order. */
export function createVersionCall(
  label: string,
  calls: readonly (VersionedCall | undefined)[],
  picking: Picking,
): SourceCall {
  const [first] = calls.flatMap((call) => (call === undefined ? [] : [call]));
  if (first === undefined) throw new Error(`no version has ${label}`);
  const choose = (args: Arguments, context: CallContext, selected: Selected | undefined) => {
    const read: (Arguments | undefined)[] = [];
    const can = (index: number) => {
      const own = calls[index];
      if (own === undefined || (selected !== undefined && own.has?.(selected) === false)) return false;
      read[index] ??= own.readArguments === undefined ? args : own.readArguments(args);
      return read[index] !== undefined;
    };
    const index = pickVersion(picking, context, can, label);
    const own = calls[index];
    if (own === undefined) throw new SkeinError('INTERNAL_SERVER_ERROR');
    return { ...own, args: read[index] ?? args };
  };
  const { operation, usesSelection } = first.call;
  const base = { operation, ...(usesSelection === undefined ? {} : { usesSelection }) };
  if (first.call.type === 'stream') {
    return {
      ...base,
      type: 'stream',
      open(args, context, selected) {
        const { call, readResult, args: own } = choose(args, context, selected);
        if (call.type !== 'stream') throw new SkeinError('INTERNAL_SERVER_ERROR');
        const items = call.open(own, context, selected);
        return readResult === undefined ? items : mapStream(items, readResult);
      },
    };
  }
  return {
    ...base,
    type: 'unary',
    async invoke(args, context, selected) {
      const { call, readResult, args: own } = choose(args, context, selected);
      if (call.type !== 'unary') throw new SkeinError('INTERNAL_SERVER_ERROR');
      const value = await call.invoke(own, context, selected);
      return readResult === undefined ? value : readResult(value);
    },
  };
}
