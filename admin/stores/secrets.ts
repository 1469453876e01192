import { z } from 'zod';
import { userError } from '../errors.ts';
import { SECRET_PLACES, type Secret } from '../models/secret.ts';
import type { SecretContext } from '../secrets/encryption.ts';
import { type AdminContext, tenantFor } from './context.ts';
import { defineEntity } from './entity.ts';
import { description } from './inputs.ts';

const name = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/, 'must be letters, digits, _ and -, beginning with a letter');
const value = z.string().min(1, 'must not be empty').max(65_536, 'must have 65,536 characters at the most');
const place = z.strictObject({
  /** The secret itself. */
  value: value.optional(),
  /** Name of an environment variable of the gateway. */
  environment: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable')
    .optional(),
  /** Path of a file on the gateway's machine. */
  file: z.string().min(1).max(4_096).optional(),
});
const create = place.extend({ name, description: description.optional() });
const update = place.extend({ description: description.optional() });

export const secrets = defineEntity<Secret, z.infer<typeof create>, z.infer<typeof update>>({
  name: 'secret',
  nameOf: (secret) => secret.name,
  collection: (store) => store.secrets,
  write: 'secrets',
  create,
  update,
  make(context, input, tenant) {
    const kept = keep(context, input, { tenantName: tenant.name, secretName: input.name });
    if (kept === undefined) throw userError('INVALID', [], `Give one of ${SECRET_PLACES.join(', ')}.`);
    return { tenant: tenant._id, name: input.name, description: input.description ?? '', ...kept };
  },
  async revise(context, input, secret) {
    const tenant = await tenantFor(context, secret.tenant);
    return {
      ...(input.description === undefined ? {} : { description: input.description }),
      ...keep(context, input, { tenantName: tenant.name, secretName: secret.name }),
    };
  },
});

/** How it is kept: encrypted, or as the place on the machine where it is. */
function keep(
  { actor, ports }: AdminContext,
  { value, environment, file }: z.infer<typeof place>,
  whose: SecretContext,
): Pick<Secret, 'place' | 'content' | 'lastFour'> | undefined {
  const given = [value, environment, file].filter((one) => one !== undefined);
  if (given.length > 1) throw userError('INVALID', [], `Give only one of ${SECRET_PLACES.join(', ')}.`);
  if (value !== undefined) return { place: 'value', content: ports.encrypt(value, whose), lastFour: lastFour(value) };
  const [at, content] = environment === undefined ? (['file', file] as const) : (['environment', environment] as const);
  if (content === undefined) return undefined;
  if (!actor.roles.includes('platform'))
    throw userError('FORBIDDEN', [at], 'Only platform administrators may name what is on the machine of the gateway.');
  return { place: at, content, lastFour: '' };
}

function lastFour(value: string): string {
  return value.length >= 12 ? value.slice(-4) : '';
}
