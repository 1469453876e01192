import { hash } from 'node:crypto';
import { Kind, parseType, print, type TypeDefinitionNode, visit } from 'graphql';
import { canonicalJson } from '../../kernel/canonical-json.ts';
import type { PromptOptions } from './options.ts';
import { parseDefinitions } from './prompt-types.ts';
import { type PromptVersion, versionsOf } from './versions.ts';

const SHORT_CHARACTERS = 12;

/**
 * What a version is, whatever it is called and wherever it is released: SHA-256 in hexadecimal of all that decides what a
 * model is asked for the same arguments, as canonical JSON (keys sorted, nothing absent). These are its template, system
 * text, route, parameters and examples, and the output type with the types it is made of. Descriptions of the field, and
 * arguments that others read, change nothing. Pure; the options need not be free of mistakes.
 * @param version needed where the prompt has several
 * @throws Error when there is no such version
 */
export function versionHash(options: PromptOptions, version?: string): string {
  const versions = versionsOf(options);
  const found = version === undefined && versions.length === 1 ? versions[0] : versions.find(byName(version));
  if (found === undefined) throw new Error(`The prompt has no version "${version ?? ''}".`);
  const { template, system, route, maxTokens, temperature, examples } = found;
  const told = examples?.length ? examples : undefined;
  const content = { template, system, route, maxTokens, temperature, examples: told, output: outputOf(options) };
  return hash('sha256', canonicalJson(content), 'hex');
}

/** The form in which a hash is shown. */
export function shortHash(versionHash: string): string {
  return versionHash.slice(0, SHORT_CHARACTERS);
}

function byName(name: string | undefined): (version: PromptVersion) => boolean {
  return (version) => version.name === name;
}

/** Text is asked for without a type. Of other types it counts what they are, not how they are written. */
function outputOf({ output, types }: PromptOptions): unknown {
  try {
    const type = parseType(output, { noLocation: true });
    const name = type.kind === Kind.NON_NULL_TYPE ? type.type : type;
    if (print(name) === 'String') return undefined;
    const definitions = parseDefinitions(types, () => {});
    if (definitions === undefined) return { type: print(name), types };
    const used = new Map<string, string>();
    collect(print(name).replaceAll(/[[\]!]/g, ''), definitions, used);
    return { type: print(name), types: Object.fromEntries(used) };
  } catch {
    return { type: output, types };
  }
}

/** The definitions that a type is made of, with what they name in turn. */
function collect(name: string, definitions: ReadonlyMap<string, TypeDefinitionNode>, used: Map<string, string>): void {
  const definition = definitions.get(name);
  if (definition === undefined || used.has(name)) return;
  used.set(name, print(definition));
  visit(definition, { NamedType: ({ name: { value } }) => collect(value, definitions, used) });
}
