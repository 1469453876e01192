import { InputError, isRecord } from './codec.ts';

/** `user.displayName,photo`, as the JSON mapping has it; a path that is not in snake case stays as it is. */
export function readFieldMask(message: unknown): string {
  const paths = isRecord(message) ? message.f1 : undefined;
  return Array.isArray(paths) ? paths.map((path) => camelPath(String(path))).join(',') : '';
}

export function writeFieldMask(value: unknown, field: string): unknown {
  if (typeof value !== 'string') throw new InputError(`"${field}" must be a list of fields with commas, e.g. "a.b,c".`);
  if (value === '') return { f1: [] };
  const paths = value.split(',').map((path) => path.trim());
  if (!paths.every((path) => /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/.test(path))) {
    throw new InputError(`"${field}" must be a list of fields with commas, e.g. "a.b,c".`);
  }
  return { f1: paths.map((path) => path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)) };
}

function camelPath(path: string): string {
  if (/[A-Z]/.test(path)) return path;
  return path.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
