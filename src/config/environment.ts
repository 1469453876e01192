import { z } from 'zod';
import type { Problem } from '../../kernel/problem.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import { oneOf, quote } from './path-text.ts';
import type { Environment } from './substitute.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** What the environment says. A variable that is empty counts as not set. */
const variables = z.object({
  /** Port to listen on; 0 takes any free one. */
  PORT: z
    .string()
    .default('4000')
    .refine((text) => /^\d{1,5}$/.test(text) && Number(text) <= 65_535, 'must be a port from 0 to 65535')
    .transform(Number),
  /** Address to listen on. 0.0.0.0 or :: lets other machines in. */
  HOST: z
    .string()
    .regex(/^[A-Za-z0-9._:%-]+$/, 'must be a host name or an IP address, e.g. 127.0.0.1')
    .default('127.0.0.1'),
  /** The configuration file. */
  SKEIN_CONFIG: z.string().default('./skein.yaml'),
  /** Folder for what the gateway keeps. */
  SKEIN_DATA: z.string().default('./.skein'),
  /** The least level that is logged. */
  SKEIN_LOG: z.enum(LOG_LEVELS, `must be ${oneOf(LOG_LEVELS)}`).default('info'),
  /** Where the control plane is kept; without it, in a file in the data folder. */
  MONGODB_URI: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\/\S+$/, 'must be an address such as mongodb://127.0.0.1:27017/skein')
    .optional(),
  /** What a platform administrator signs in with; without it, one is made and printed at the first start. */
  SKEIN_ADMIN_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{16,8192}$/, 'must be 16 to 8192 characters without spaces')
    .optional(),
  /** The key that secrets are encrypted with, and those that they were encrypted with before, with commas in between. */
  SKEIN_ENCRYPTION_KEY: z.string().optional(),
  SKEIN_ENCRYPTION_KEY_PREVIOUS: z
    .string()
    .transform((text) => text.split(',').map((key) => key.trim()))
    .transform((keys) => keys.filter((key) => key !== ''))
    .optional(),
});

/** Their values are told to nobody. */
export const SECRET_VARIABLES: ReadonlySet<string> = new Set([
  'MONGODB_URI',
  'SKEIN_ADMIN_TOKEN',
  'SKEIN_ENCRYPTION_KEY',
  'SKEIN_ENCRYPTION_KEY_PREVIOUS',
]);

export interface GatewayEnvironment {
  readonly port: number;
  readonly host: string;
  /** As given: relative to the working directory. So is `dataFolder`. */
  readonly configFile: string;
  readonly dataFolder: string;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly mongodbUri: string | undefined;
  readonly adminToken: string | undefined;
  /** As given: `createEncryption` reads them. */
  readonly encryptionKey: string | undefined;
  readonly previousEncryptionKeys: readonly string[];
}

/** Reads the environment once. A wrong variable is a problem, and its default stands in. */
export function readEnvironment(env: Environment): { environment: GatewayEnvironment; problems: Problem[] } {
  const given: Record<string, string> = {};
  for (const name of Object.keys(variables.shape)) {
    const value = env[name];
    if (value !== undefined && value !== '') given[name] = value;
  }
  const result = variables.safeParse(given);
  const problems: Problem[] = [];
  for (const issue of result.error?.issues ?? []) {
    const name = String(issue.path[0]);
    const value = given[name] ?? '';
    const guess = name === 'SKEIN_LOG' ? didYouMean(value, LOG_LEVELS) : '';
    const is = SECRET_VARIABLES.has(name) ? 'and is not' : `but is ${quote(value)}`;
    problems.push({ message: `The environment variable ${name} ${issue.message}, ${is}.${guess}` });
    delete given[name];
  }
  const read = result.data ?? variables.parse(given);
  return {
    environment: {
      port: read.PORT,
      host: read.HOST,
      configFile: read.SKEIN_CONFIG,
      dataFolder: read.SKEIN_DATA,
      logLevel: read.SKEIN_LOG,
      mongodbUri: read.MONGODB_URI,
      adminToken: read.SKEIN_ADMIN_TOKEN,
      encryptionKey: read.SKEIN_ENCRYPTION_KEY,
      previousEncryptionKeys: read.SKEIN_ENCRYPTION_KEY_PREVIOUS ?? [],
    },
    problems,
  };
}
