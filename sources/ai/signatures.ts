import { z } from 'zod';
import { SkeinError } from '../../kernel/errors.ts';
import type { Signature } from './model.ts';

const form = z.strictObject({
  dialect: z.string(),
  value: z.string(),
  id: z.string().optional(),
  isRedacted: z.boolean().optional(),
});

/** One opaque text, for clients that give it back. */
export function writeSignature(signature: Signature): string {
  return Buffer.from(JSON.stringify(signature)).toString('base64url');
}

/** @throws SkeinError BAD_USER_INPUT for anything that `writeSignature` has not made. */
export function readSignature(text: string, path: string): Signature {
  try {
    return form.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
  } catch {
    throw new SkeinError('BAD_USER_INPUT', `"${path}" is not as it came: a signature goes back as it is.`);
  }
}
