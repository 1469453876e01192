import { z } from 'zod';
import { ROLES } from '../../admin/roles.ts';
import { isAddressRange } from './addresses.ts';

/** Signatures by a pair of keys. Those by a shared secret (HS256) and `none` are never taken. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

const text = z.string().min(1);
const oneOrMore = z.array(text).min(1);
const webAddress = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });

const claimOptions = z
  .strictObject({
    tenant: text.optional().describe('Id or name of the tenant.'),
    app: text.optional().describe('Id of the app.'),
    roles: text.optional().describe('Text, or a list of it. Only values that `roles` knows count.'),
  })
  .describe('Which claims say what: a name, or a path with dots. A claim of the whole name wins.');

export const issuerOptions = z
  .strictObject({
    issuer: webAddress.describe('Exactly as the claim `iss` has it.'),
    audience: z.union([text, oneOrMore]).describe('What the claim `aud` must have one of.'),
    jwks: webAddress
      .optional()
      .describe('Where its public keys are. Default: what `<issuer>/.well-known/openid-configuration` says.'),
    algorithms: z
      .array(z.enum(ALGORITHMS))
      .min(1)
      .default(['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'])
      .describe('How tokens may be signed. Default: RS256, PS256, ES256, EdDSA, Ed25519.'),
    clockToleranceSeconds: z.int().min(0).max(300).default(5).describe('How far its clock may be off, in seconds.'),
    claims: claimOptions.default({}).describe('Which claims say what.'),
    tenant: text.optional().describe('The tenant of all of its tokens.'),
    roles: z.record(text, z.enum(ROLES)).default({}).describe('Values of the claim of roles → our roles.'),
  })
  .superRefine((options, context) => {
    const wrong = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    const { claims, tenant, roles } = options;
    if (tenant !== undefined && claims.tenant !== undefined) {
      wrong(['tenant'], 'must not be beside claims.tenant: keep the one that says it');
    }
    if (tenant === undefined && claims.tenant === undefined && claims.app === undefined) {
      wrong([], 'must say whose its tokens are: by tenant, claims.tenant or claims.app');
    }
    for (const [value, role] of Object.entries(roles))
      if (tenant !== undefined && role === 'platform')
        wrong(
          ['roles', value],
          'must not be platform beside tenant: who is of one tenant is above none. Say whose tokens are by claims.tenant',
        );
    if (claims.roles === undefined && Object.keys(roles).length > 0) {
      wrong(['roles'], 'must have claims.roles beside it: the claim whose values it maps');
    }
  })
  .describe('Somebody whose tokens are taken beside API keys.');
export type IssuerOptions = z.infer<typeof issuerOptions>;

export const authOptions = z
  .strictObject({
    trustedProxies: z
      .array(z.string().refine(isAddressRange, 'must be an address or a range such as 10.0.0.0/8'))
      .default([])
      .describe(
        'Proxies whose `X-Forwarded-For` is believed: addresses and ranges such as `10.0.0.0/8`. Default: none.',
      ),
    jwt: z
      .array(issuerOptions)
      .superRefine((issuers, context) => {
        issuers.forEach(({ issuer }, index) => {
          if (issuers.findIndex((other) => other.issuer === issuer) === index) return;
          context.addIssue({ code: 'custom', path: [index, 'issuer'], message: 'must not be there twice' });
        });
      })
      .default([])
      .describe('Whose tokens are taken beside API keys. Default: nobody’s.'),
  })
  .describe('How callers are known, beside `keys`.');
export type AuthOptions = z.infer<typeof authOptions>;
